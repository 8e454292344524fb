using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class NameTests
{
    private static string[] Names(string language, string source) =>
        [.. Languages.Declarations(language, SourceLines.Read(source, language))
            .Select(name => $"{name.Kind} {(name.Container is null ? "" : name.Container + ".")}{name.Name}")];

    [Fact]
    public void CSharp_shows_what_is_public_protected_or_internal() => Expect.Texts(
        [
            "Type Order", "Property Order.Total", "Property Order.Count", "Constructor Order.Order", "Method Order.PayAsync", "Method Order.Map",
                "Type Order.State", "Constant State.Open", "Constant State.Paid",
            "Type IStore", "Method IStore.Find", "Property IStore.Size", "Type Line", "Type Changed", "Type Extra", "Method Extra.Twice",
        ],
        Names(Languages.CSharp, """
            namespace Shop;
            /* public class Commented { } */
            public sealed partial class Order : IEquatable<Order>
            {
                private readonly int hidden = 1;
                public decimal Total { get; init; } = 3;
                internal int Count => hidden;
                public Order(int a,
                    string b = "public class InString { }") { var local = new Order(1); }
                [Obsolete("x")]
                public async Task<bool> PayAsync(CancellationToken cancel)
                {
                    if (true) { return Local(); }
                    bool Local() => true;
                }
                protected internal static Dictionary<string, List<int>> Map<T>(T value) where T : class => new();
                private void Hidden() { }
                public override string ToString() => "";
                public enum State
                {
                    Open = 1,
                    Paid,
                }
                private class Inner { public void NotSeen() { } }
            }
            public interface IStore
            {
                Order? Find(string id);
                int Size { get; }
            }
            public record Line(string Product, int Quantity);
            public delegate void Changed(Order order);
            file class OnlyHere { public void Nothing() { } }
            public static class Extra
            {
                extension(int number)
                {
                    public int Twice() => number * 2;
                }
            }
            """));

    [Fact]
    public void Python_shows_what_has_no_underscore() => Expect.Texts(
        ["Constant LIMIT", "Function run", "Type Store", "Constant Store.SIZE", "Property Store.path", "Constructor Store.Store", "Method Store.find",
            "Function last"],
        Names(Languages.Python, """"
            """def in_docstring(): pass"""
            LIMIT: int = 3
            lower = 1
            async def run(first,
                          second=")"):  # def comment(): pass
                def local():
                    pass
            class Store(Base):
                SIZE = 4
                path: str
                def __init__(self, path):
                    self.path: str = path
                @property
                def find(self, key): ...
                def _hidden(self): ...
            class _Hidden:
                def method(self): ...
            def last(): pass
            """"));

    [Fact]
    public void TypeScript_shows_what_a_module_exports() => Expect.Texts(
        [
            "Type Cart", "Property Cart.total", "Constructor Cart.Cart", "Method Cart.pay", "Type Line", "Property Line.price", "Method Line.tax",
                "Type Id", "Constant LIMIT", "Function twice", "Function later", "Type State",
            "Constant State.Open", "Function main",
        ],
        Names(Languages.TypeScript, """
            import { x } from './x';
            export class Cart extends Base {
              readonly total: number = 0;
              private hidden = 1;
              #secret = 2;
              constructor(private a: string) { super(); }
              async pay(amount: number): Promise<void> { if (amount) { return; } }
              private nothing() {}
            }
            export interface Line { 
              price: number;
              tax(rate: number): number;
            }
            class Inside { method() {} }
            export type Id = string;
            export const LIMIT = 3;
            export const twice = (n: number) => n * 2;
            function later() { const export1 = `export class InTemplate {`; }
            export enum State {
              Open = 'open',
            }
            export default async function main() {}
            export { later, Inside2 as X };
            """));

    [Fact]
    public void JavaScript_modules_of_the_old_kind_are_read() =>
        Expect.Texts(["Function one", "Function two"], Names(Languages.JavaScript,
            "function two() {}\nexports.one = function () {};\nmodule.exports = {\n  two,\n};\n").Order(StringComparer.Ordinal));

    [Fact]
    public void Go_shows_what_begins_with_a_capital() => Expect.Texts(
        ["Constant Max", "Constant First", "Constant Second", "Type Store", "Property Store.Path", "Type Finder", "Method Finder.Find", "Function Open",
            "Method Store.Get", "Type Set"],
        Names(Languages.Go, """
            package store
            // func Commented() {}
            const Max = 3
            const (
                First = iota
                Second
                hidden
            )
            type Store struct {
                Path string
                size int
            }
            type Finder interface {
                Find(key string) (string, error)
            }
            type hidden struct { Seen int }
            func Open(path string) (*Store, error) {
                Local := 1
                return nil, nil
            }
            func (s *Store) Get(key string) string { return `func Raw() {}` }
            func (h hidden) Not() {}
            func lower() {}
            type Set[T comparable] map[T]bool
            """));

    [Fact]
    public void Java_shows_what_is_public_or_protected() => Expect.Texts(
        ["Type Cart", "Constant Cart.LIMIT", "Constructor Cart.Cart", "Method Cart.pay", "Method Cart.all", "Type Shop", "Method Shop.open", "Type State",
            "Constant State.OPEN", "Constant State.PAID"],
        Names(Languages.Java, """
            package shop;
            public class Cart extends Base {
                public static final int LIMIT = 3;
                private int hidden;
                public Cart(String name) { this.hidden = 1; }
                @Override
                public void pay(int amount) throws IOException {
                    if (amount > 0) { return; }
                }
                protected <T> List<T> all(Class<T> type) { return null; }
                void packagePrivate() { }
            }
            public interface Shop {
                Cart open(String name);
            }
            class Hidden { public void no() { } }
            public enum State {
                OPEN,
                PAID("x");
            }
            """));

    [Fact]
    public void Rust_shows_what_is_pub() => Expect.Texts(
        ["Constant LIMIT", "Type Store", "Property Store.path", "Method Store.open", "Method Store.get", "Type Find", "Method Find.find", "Type State",
            "Constant State.Open", "Constant State.Closed", "Function run"],
        Names(Languages.Rust, """
            pub const LIMIT: usize = 3;
            pub struct Store<'a> {
                pub path: &'a str,
                size: usize,
            }
            impl<'a> Store<'a> {
                pub fn open(path: &'a str) -> Self { let c = '{'; Self { path, size: 0 } }
                fn hidden(&self) {}
                pub(crate) async fn get(&self) {}
            }
            pub trait Find {
                fn find(&self, key: &str) -> Option<String>;
            }
            impl Find for Store<'_> {
                fn find(&self, key: &str) -> Option<String> { None }
            }
            pub enum State {
                Open,
                Closed(u8),
            }
            pub fn run() { let text = r#"pub fn raw() {}"#; }
            fn hidden() {}
            """));

    [Fact]
    public void A_signature_is_whole_and_on_one_line() => Assert.Equal("def run(first, second=\")\", *rest) -> int",
        Languages.Declarations(Languages.Python,
            SourceLines.Read("def run(first,\n        second=\")\",  # a comment\n        *rest,\n) -> int:\n    pass\n", Languages.Python)).Single()
            .Signature);

    [Theory]
    [InlineData(Languages.Python, "parser.add_argument(\"--dry-run\", action=\"store_true\")", "Flag --dry-run")]
    [InlineData(Languages.Python, "@click.option('-s', '--since', help='a --fake one')", "Flag --since")]
    [InlineData(Languages.CSharp, "new Option<int>(\"--port\", \"-p\")", "Flag --port")]
    [InlineData(Languages.TypeScript, "program.option('-o, --output <file>', 'where')", "Flag --output")]
    [InlineData(Languages.Go, "flag.StringVar(&path, \"config-file\", \"\", \"\")", "Flag --config-file")]
    [InlineData(Languages.Rust, "#[arg(long = \"max-depth\")]", "Flag --max-depth")]
    [InlineData(Languages.CSharp, "app.MapGet(\"/orders/{id}\", Get);", "Route /orders/{id}")]
    [InlineData(Languages.CSharp, "[HttpPost(\"/orders\")]", "Route /orders")]
    [InlineData(Languages.Python, "@app.route('/orders/<id>')", "Route /orders/<id>")]
    [InlineData(Languages.Python, "(\"GET\", \"/orders\", list_orders),", "Route /orders")]
    [InlineData(Languages.JavaScript, "router.delete('/orders/:id', remove)", "Route /orders/:id")]
    [InlineData(Languages.Go, "mux.HandleFunc(\"GET /orders\", list)", "Route /orders")]
    [InlineData(Languages.Java, "@GetMapping(\"/orders\")", "Route /orders")]
    [InlineData(Languages.Python, "os.environ.get(\"SHOP_DB\", \"x\")", "Variable SHOP_DB")]
    [InlineData(Languages.JavaScript, "process.env.SHOP_DB", "Variable SHOP_DB")]
    [InlineData(Languages.Go, "os.Getenv(\"SHOP_DB\")", "Variable SHOP_DB")]
    [InlineData(Languages.CSharp, "Environment.GetEnvironmentVariable(\"SHOP_DB\")", "Variable SHOP_DB")]
    [InlineData(Languages.Rust, "env::var(\"SHOP_DB\")", "Variable SHOP_DB")]
    [InlineData(Languages.Python, "x = 'see --help for more'", "")]
    [InlineData(Languages.Python, "# parser.add_argument('--gone')", "")]
    [InlineData(Languages.CSharp, "var path = \"/tmp/file\";", "")]
    public void Options_routes_and_variables_are_found_in_code(string language, string source, string found) =>
        Assert.Equal(found, string.Join(", ", SurfaceNames.Find(SourceLines.Read(source, language)).Select(name => $"{name.Kind} {name.Name}")));

    [Theory]
    [InlineData("appsettings.json", "{\n  \"server\": {\n    \"port\": 80,\n    \"hosts\": [\"a\"]\n  },\n  \"debug\": true\n}",
        "server= server.port=80 server.hosts=[\"a\"] debug=true")]
    [InlineData("config.yaml", "# c\nserver:\n  port: 80\n  tls:\n    cert: x\ndebug: true\n",
        "server= server.port=80 server.tls= server.tls.cert=x debug=true")]
    [InlineData("config.toml", "debug = true\n[server]\nport = 80\n", "debug=true server.port=80")]
    [InlineData(".env", "# c\nexport SHOP_DB=x\n", "SHOP_DB=x")]
    public void Keys_of_configuration_files_are_found_with_their_sections(string path, string text, string found) =>
        Assert.Equal(found, string.Join(' ', ConfigKeys.Find(path, text)
            .Select(key => key.Signature.Replace(" = ", "=", StringComparison.Ordinal).Replace(" =", "=", StringComparison.Ordinal))));

    [Theory]
    [InlineData(Languages.Python, "def helper(): pass\n\ndef test_adds():\n    pass\n", "test_adds:3")]
    [InlineData(Languages.CSharp,
        "[Fact]\npublic void It_adds() { }\n[Theory]\n[InlineData(1)]\npublic async Task It_waits(int a) { }\n[Fact(Skip = \"x\")] public void One_line() { }\n", "It_adds:2 It_waits:5 One_line:6")]
    [InlineData(Languages.TypeScript, "describe('cart', () => {\n  it('adds items', () => {});\n  test.each([1])('many', () => {});\n});\n",
        "adds items:2 many:3")]
    [InlineData(Languages.Go, "func TestAdd(t *testing.T) {}\nfunc helper() {}\n", "TestAdd:1")]
    [InlineData(Languages.Java, "@Test\nvoid adds() { }\n", "adds:2")]
    [InlineData(Languages.Rust, "#[test]\nfn adds() {}\n#[tokio::test]\nasync fn waits() {}\n", "adds:2 waits:4")]
    public void Tests_are_found_by_the_marks_of_their_frameworks(string language, string source, string found) =>
        Assert.Equal(found, string.Join(' ', TestNames.Find(language, source).Select(test => $"{test.Name}:{test.Line}")));

    [Fact]
    public void Masking_keeps_every_column_and_line() => Property.Holds(
        Arb.From(from parts in Gen.Elements("\"", "'", "`", "/*", "*/", "//", "#", "\n", "\\", "\"\"\"", "r#\"", "@\"", "$", "{", "}", "a", " ", "'a", "ß")
            .ArrayOf()
                 from language in Gen.Elements(Languages.CSharp, Languages.Python, Languages.TypeScript, Languages.Go, Languages.Java, Languages.Rust)
                 select (Text: string.Concat(parts), Language: language)),
        source =>
        {
            var (code, text) = SourceMask.Apply(source.Text, source.Language);
            return code.Length == source.Text.Length && text.Length == source.Text.Length
                && Enumerable.Range(0, code.Length).All(i => (code[i] == '\n') == (source.Text[i] == '\n') && (code[i] == ' ' || code[i] == source.Text[i]));
        });

    [Fact]
    public void No_source_makes_a_recogniser_throw() => Property.Holds(
        Arb.From(Gen.OneOf(
            Gen.Elements("public class A {", "}", "def f(", "):", "func F(", "impl X for Y {", "export {", "type T struct {", "record R(int A);",
                "enum E {", "A,", "const (", ")", "\"", "'", "extension(int x) {"),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get)).ArrayOf().Select(lines => string.Join('\n', lines))),
        source => new[] { Languages.CSharp, Languages.Python, Languages.TypeScript, Languages.Go, Languages.Java, Languages.Rust }.All(language =>
            Languages.Declarations(language, SourceLines.Read(source, language)).All(name => name.Name.Length > 0 && name.Line >= 1)
                && SurfaceNames.Find(SourceLines.Read(source, language)).All(name => name.Line >= 1)
            && TestNames.Find(language, source).All(test => test.Line >= 1)));
}
