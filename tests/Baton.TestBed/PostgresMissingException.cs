namespace Baton.TestBed;

/// <summary>PostgreSQL is not installed here. Tests are skipped for it: <c>[Fact(SkipExceptions = [typeof(PostgresMissingException)])]</c>.</summary>
public sealed class PostgresMissingException() : Exception("PostgreSQL is not installed: there is no initdb in /usr/lib/postgresql/*/bin nor on the path. ./baton test installs it where it may; otherwise: apt-get install postgresql");
