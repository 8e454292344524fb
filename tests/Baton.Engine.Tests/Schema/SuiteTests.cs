using Baton.Conformance.JsonSchema;

namespace Baton.Engine.Tests.Schema;

/// <summary>
/// Runs the official suite, which stands beside the repository. The listed cases need documents of the suite's remote host that are not
/// in the folder; <see cref="RemoteTests"/> tries the same things with documents of our own.
/// </summary>
public sealed class SuiteTests
{
    private static readonly Dictionary<string, string> MissingDocuments = new(StringComparer.Ordinal)
    {
        ["dynamicRef: strict-tree schema, guards against misspelled properties | instance with misspelled field"] = "tree.json",
        ["dynamicRef: strict-tree schema, guards against misspelled properties | instance with correct field"] = "tree.json",
        ["dynamicRef: tests for implementation dynamic anchor and reference link | incorrect parent schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: tests for implementation dynamic anchor and reference link | incorrect extended schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: tests for implementation dynamic anchor and reference link | correct extended schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first | incorrect parent schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first | incorrect extended schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first | correct extended schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first | incorrect parent schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first | incorrect extended schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first | correct extended schema"] = "extendible-dynamic-ref.json",
        ["dynamicRef: $ref to $dynamicRef finds detached $dynamicAnchor | number is valid"] = "detached-dynamicref.json",
        ["dynamicRef: $ref to $dynamicRef finds detached $dynamicAnchor | non-number is invalid"] = "detached-dynamicref.json",
        ["refRemote: remote ref | remote ref valid"] = "integer.json",
        ["refRemote: remote ref | remote ref invalid"] = "integer.json",
        ["refRemote: fragment within remote ref | remote fragment valid"] = "subSchemas.json",
        ["refRemote: fragment within remote ref | remote fragment invalid"] = "subSchemas.json",
        ["refRemote: anchor within remote ref | remote anchor valid"] = "locationIndependentIdentifier.json",
        ["refRemote: anchor within remote ref | remote anchor invalid"] = "locationIndependentIdentifier.json",
        ["refRemote: ref within remote ref | ref within ref valid"] = "subSchemas.json",
        ["refRemote: ref within remote ref | ref within ref invalid"] = "subSchemas.json",
        ["refRemote: base URI change | base URI change ref valid"] = "baseUriChange/folderInteger.json",
        ["refRemote: base URI change | base URI change ref invalid"] = "baseUriChange/folderInteger.json",
        ["refRemote: base URI change - change folder | number is valid"] = "baseUriChangeFolder/folderInteger.json",
        ["refRemote: base URI change - change folder | string is invalid"] = "baseUriChangeFolder/folderInteger.json",
        ["refRemote: base URI change - change folder in subschema | number is valid"] = "baseUriChangeFolderInSubschema/folderInteger.json",
        ["refRemote: base URI change - change folder in subschema | string is invalid"] = "baseUriChangeFolderInSubschema/folderInteger.json",
        ["refRemote: root ref in remote ref | string is valid"] = "name-defs.json",
        ["refRemote: root ref in remote ref | null is valid"] = "name-defs.json",
        ["refRemote: root ref in remote ref | object is invalid"] = "name-defs.json",
        ["refRemote: remote ref with ref to defs | invalid"] = "ref-and-defs.json",
        ["refRemote: remote ref with ref to defs | valid"] = "ref-and-defs.json",
        ["refRemote: Location-independent identifier in remote ref | integer is valid"] = "locationIndependentIdentifier.json",
        ["refRemote: Location-independent identifier in remote ref | string is invalid"] = "locationIndependentIdentifier.json",
        ["refRemote: retrieved nested refs resolve relative to their URI not $id | number is invalid"] = "nested/foo-ref-string.json",
        ["refRemote: retrieved nested refs resolve relative to their URI not $id | string is valid"] = "nested/foo-ref-string.json",
        ["refRemote: remote HTTP ref with different $id | number is invalid"] = "different-id-ref-string.json",
        ["refRemote: remote HTTP ref with different $id | string is valid"] = "different-id-ref-string.json",
        ["refRemote: remote HTTP ref with different URN $id | number is invalid"] = "urn-ref-string.json",
        ["refRemote: remote HTTP ref with different URN $id | string is valid"] = "urn-ref-string.json",
        ["refRemote: remote HTTP ref with nested absolute ref | number is invalid"] = "nested-absolute-ref-to-string.json",
        ["refRemote: remote HTTP ref with nested absolute ref | string is valid"] = "nested-absolute-ref-to-string.json",
        ["refRemote: $ref to $ref finds detached $anchor | number is valid"] = "detached-ref.json",
        ["refRemote: $ref to $ref finds detached $anchor | non-number is invalid"] = "detached-ref.json",
        ["vocabulary: schema that uses custom metaschema with with no validation vocabulary | applicator vocabulary still works"] = "metaschema-no-validation.json",
        ["vocabulary: schema that uses custom metaschema with with no validation vocabulary | no validation: valid number"] = "metaschema-no-validation.json",
        ["vocabulary: schema that uses custom metaschema with with no validation vocabulary | no validation: invalid number, but it still validates"] = "metaschema-no-validation.json",
        ["vocabulary: ignore unrecognized optional vocabulary | string value"] = "metaschema-optional-vocabulary.json",
        ["vocabulary: ignore unrecognized optional vocabulary | number value"] = "metaschema-optional-vocabulary.json",
    };

    [Fact]
    public void The_official_suite_passes_but_for_the_cases_whose_documents_are_not_there()
    {
        var folder = FindSuite();
        Assert.SkipUnless(folder is not null, "The official suite is not beside the repository (../shared/conformance/json-schema).");
        var cases = JsonSchemaSuite.Run(folder).ToList();
        var expected = Directory.Exists(Path.Combine(folder, "remotes")) ? [] : MissingDocuments;

        var failed = cases.Where(one => !one.Passed).ToDictionary(one => $"{one.Group} | {one.Case}", one => one.Detail, StringComparer.Ordinal);
        Assert.True(cases.Count > 1_000, $"only {cases.Count} cases were found");
        Assert.Empty(failed.Where(one => !expected.ContainsKey(one.Key)).Select(one => $"fails: {one.Key}: {one.Value}"));
        Assert.Empty(expected.Keys.Where(name => !failed.ContainsKey(name)).Select(name => $"passes by now, strike it from the list: {name}"));
        Assert.All(failed, one => Assert.Contains(Path.GetFileName(MissingDocuments[one.Key]), one.Value, StringComparison.Ordinal));
    }

    private static string? FindSuite()
    {
        var root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "Baton.slnx"))) root = Path.GetDirectoryName(root);
        var folder = root is null ? null : Path.Combine(root, "..", "shared", "conformance", "json-schema");
        return Directory.Exists(folder) ? folder : null;
    }
}
