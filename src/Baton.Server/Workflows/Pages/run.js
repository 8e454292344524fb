// One run, live: its steps as they are recorded, and what it gave. Whatever a run says is data and is shown as text.
const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const api = `/api/v1/runs/${encodeURIComponent(id)}`;
const byId = name => document.getElementById(name);
const tones = { completed: "good", failed: "bad", cancelled: "warning", paused: "warning" };
const longest = 200_000;   // characters of JSON on the page
const steps = new Map();   // by step; a map's items count on its own line
const labels = new Map();
let key = sessionStorage.getItem("baton-key") ?? "";
let last = null, begun = null, ended = false;

byId("id").textContent = id;
byId("ask").addEventListener("submit", event => {
  event.preventDefault();
  key = byId("key").value;
  sessionStorage.setItem("baton-key", key);
  byId("ask").hidden = true;
  follow();
});
follow();

async function follow() {
  for (let broken = 0; !ended; broken++) {
    try {
      const response = await call(`${api}/events`, last === null ? {} : { "Last-Event-ID": last });
      if (response === null) return;
      say("");
      for await (const event of events(response.body)) { broken = 0; show(event); }
    } catch (error) {
      say(`The connection is lost: ${error.message}. Trying again.`, "bad");
    }
    if (!ended) await new Promise(done => setTimeout(done, Math.min(250 * 2 ** broken, 5000)));
  }
}

async function call(url, headers = {}) {
  const response = await fetch(url, { headers: key ? { ...headers, Authorization: `Bearer ${key}` } : headers, cache: "no-store" });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({ title: `Status ${response.status}` }));
  if (response.status === 401) byId("ask").hidden = false;
  else if (response.status >= 500) throw new Error(problem.title);
  say(`${problem.title}. ${problem.detail ?? ""}`, "bad");
  return null;
}

/** Server-sent events of a body: {id, type, data}. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (event.data) yield { id: event.id, type: event.event, data: JSON.parse(event.data) };
    }
  }
}

function show({ id: position, type, data }) {
  if (position) last = position;
  if (type === "step_started") begin(data);
  else if (type === "entry") record(data);
  else if (type === "state") state(data);
}

function begin(step) {
  labels.set(step.key, step.label);
  if (mapOf(step.key)) return;
  line(step.key, Date.parse(step.at)).row.className = "active";
}

function record(entry) {
  const at = Date.parse(entry.at), took = entry.took_ms ?? 0;
  if (entry.kind === "run_started") {
    begun = at;
    byId("input").textContent = pretty(entry.body ?? null);
    return;
  }
  const map = mapOf(entry.key);
  if (map) {
    const isLast = entry.kind === "step_completed" || (entry.kind === "step_failed" && entry.meta?.retry_at_ms === undefined);
    if (isLast && entry.key.endsWith("]")) count(map, entry.kind === "step_failed", at);
    return;
  }
  switch (entry.kind) {
    case "map_started": Object.assign(line(entry.key, at), { total: entry.meta.count, done: 0, failed: 0 }); count(steps.get(entry.key), null, at); break;
    case "step_completed": if (!entry.key.includes("~")) finish(line(entry.key, at - took), "done", "✓", at, took); break;
    case "step_failed": finish(line(entry.key, at - took), "failed", "✗", at, took, entry.meta?.error); break;
    case "child_started": finish(line(entry.key, at), "done", "→", at, 0); break;
    case "policy_decided": tell(line(entry.key, at), `${entry.meta.policy.move}: ${entry.meta.policy.reason}`, at); break;
    case "approval_asked": tell(line(entry.key, at), `asks ${entry.meta.approval.assignee ?? "anybody"}: ${entry.meta.approval.title}`, at); break;
    case "approval_settled": tell(line(entry.key, at), entry.body.expired ? "nobody answered in time" : `${entry.body.choice}, says ${entry.body.by}`, at); break;
    case "compensated": finish(line(entry.key, at), entry.meta.error ? "failed" : "done", "↩", at, 0, entry.meta.error); break;
    case "event_emitted": finish(line(entry.key, at), "done", "✓", at, 0); break;
  }
}

function tell(step, text, at) {
  finish(step, "done", "↪", at, 0);
  step.error.textContent = text;
}

function count(map, failed, at) {
  if (failed !== null) { map.done++; if (failed) map.failed++; }
  const whole = map.done === map.total;
  finish(map, whole ? "done" : "active", whole ? "✓" : "…", at, null);
  map.bar.style.left = "0";
  map.bar.style.width = `${map.total === 0 ? 100 : 100 * map.done / map.total}%`;
  map.isMap = true;
  map.tookCell.textContent = `${map.done.toLocaleString("en")}/${map.total.toLocaleString("en")}`;
  if (map.failed) map.error.textContent = `${map.failed} failed`;
}

function mapOf(name) {
  for (let end = name.indexOf("["); end >= 0; end = name.indexOf("[", end + 1)) {
    const map = steps.get(name.slice(0, end));
    if (map?.total !== undefined) return map;
  }
  return null;
}

function line(name, from) {
  if (steps.has(name)) return steps.get(name);
  const row = document.createElement("li");
  const step = { row, from, to: from };
  step.mark = add(row, "span", "mark", "…");
  add(row, "span", "name", labels.get(name) ?? (name.startsWith("/") ? name.slice(name.lastIndexOf("/") + 1) : name)).title = name;
  step.bar = add(add(row, "span", "lane"), "i");
  step.tookCell = add(row, "span", "took");
  step.error = add(row, "span", "error");
  byId("steps").append(row);
  steps.set(name, step);
  return step;
}

function finish(step, className, mark, to, took, error) {
  step.row.className = className;
  step.mark.textContent = mark;
  step.to = to;
  if (took !== null) step.tookCell.textContent = duration(took);
  step.error.textContent = error ? `${error.title}: ${error.detail ?? ""}` : "";
  draw();
}

/** Each bar stands where its step stands in the time of the run. */
function draw() {
  const all = [...steps.values()], start = begun ?? Math.min(...all.map(step => step.from));
  const whole = Math.max(1, ...all.map(step => step.to - start));
  for (const step of all) {
    if (step.isMap) continue;
    step.bar.style.left = `${100 * Math.max(0, step.from - start) / whole}%`;
    step.bar.style.width = `${100 * (step.to - step.from) / whole}%`;
  }
}

async function state(run) {
  byId("workflow").textContent = `${run.namespace}/${run.workflow}@${run.version}`;
  document.title = `${run.workflow} ${run.state} · Baton`;
  byId("state").textContent = run.state;
  byId("state").className = `pill ${tones[run.state] ?? "dim"}`;
  const started = new Date(run.started_at ?? run.created_at);
  byId("times").textContent = `${started.toLocaleString()}${run.ended_at ? `, ${duration(Date.parse(run.ended_at) - started)}` : ""}`;
  say(run.error ? `${run.error.title}: ${run.error.detail ?? ""}${run.error.instance ? ` (${run.error.instance})` : ""}` : run.wake_at ? `Waits until ${new Date(run.wake_at).toLocaleString()}.` : "", run.state === "failed" ? "bad" : "");
  ended = ["completed", "failed", "cancelled"].includes(run.state);
  if (run.state !== "completed") return;
  const response = await call(`${api}/result`);
  if (response) result((await response.json()).output ?? null);
}

function result(output) {
  const place = byId("result");
  place.replaceChildren();
  byId("output").hidden = false;
  byId("output").querySelector("pre").textContent = pretty(output);
  const shown = output?.display;
  if (typeof shown?.headline === "string") add(place, "h2", "", shown.headline);
  if (typeof shown?.summary === "string") add(place, "p", `notice ${shown.tone ?? ""}`, shown.summary);
  if (Array.isArray(output?.artifacts)) files(place, output.artifacts);
  for (const one of Array.isArray(shown?.tables) ? shown.tables : []) table(place, one);
}

function files(place, artifacts) {
  const list = add(place, "p", "files");
  for (const { name, title, content } of artifacts) {
    if (typeof name !== "string" || typeof content !== "string") continue;
    const link = add(list, "a", "", title ?? name);
    link.href = URL.createObjectURL(new Blob([content]));
    link.download = name;
  }
}

function table(place, { title, columns, rows, footer }) {
  if (!Array.isArray(columns)) return;
  if (title) add(place, "h3", "", title);
  const body = add(add(place, "div", "scroll"), "table");
  const head = add(add(body, "thead"), "tr");
  for (const column of columns) add(head, "th", column.align === "right" ? "right" : "", column.header);
  const all = add(body, "tbody");
  for (const row of rows ?? []) {
    const cells = add(all, "tr");
    row.slice(0, columns.length).forEach((cell, i) => add(cells, "td", `${cell.tone ?? ""} ${columns[i].align === "right" ? "right" : ""}`, cell.text));
  }
  if (footer) add(place, "p", "meta", footer);
}

function add(parent, tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}

function say(text, tone = "") {
  byId("notice").textContent = text;
  byId("notice").className = `notice ${tone}`;
  byId("notice").hidden = text === "";
}

function pretty(value) {
  const text = JSON.stringify(value, null, 2);
  return text.length > longest ? `${text.slice(0, longest)}\n… cut here; the whole stands at ${api}/result` : text;
}

function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round(ms % 60_000 / 1000)} s`;
}
