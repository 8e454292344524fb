namespace Baton.Engine.Schema;

/// <summary>The keywords that describe and demand nothing: only their form is checked. Whether encoded content is right, the specification leaves to applications.</summary>
internal static class AnnotationKeywords
{
    public static void Check(SchemaReader schema, List<Keyword> keywords)
    {
        schema.Text("title");
        schema.Text("description");
        schema.Flag("deprecated");
        schema.Flag("readOnly");
        schema.Flag("writeOnly");
        schema.Array("examples");
        schema.Text("contentEncoding");
        schema.Text("contentMediaType");
        schema.Schema("contentSchema");
    }
}
