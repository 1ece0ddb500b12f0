using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace AiHub.Tests.Deploy;

/// <summary>
/// While replicas are replaced one by one, the version before works on the new schema. So a migration only adds; what is to go is first no longer
/// used by one version, and removed by the next, in a migration marked <see cref="Contracting"/>.
/// </summary>
internal static partial class MigrationRules
{
    /// <summary>Begins the name of a migration that removes what the version before no longer uses.</summary>
    public const string Contracting = "Contract";

    /// <returns>What the version before would stumble over.</returns>
    public static IEnumerable<string> Breaks(IEnumerable<MigrationOperation> operations)
    {
        var all = operations.ToList();
        var made = all.OfType<CreateTableOperation>().Select(table => table.Name).ToHashSet();
        var added = all.OfType<AddColumnOperation>().Select(column => (column.Table, column.Name)).ToHashSet();
        return all.Select(operation => operation switch
        {
            DropTableOperation table => $"drops the table {table.Name}",
            RenameTableOperation table => $"renames the table {table.Name}",
            DropColumnOperation column => $"drops {column.Table}.{column.Name}",
            RenameColumnOperation column => $"renames {column.Table}.{column.Name}",
            AlterColumnOperation { IsNullable: false, OldColumn.IsNullable: true } column => $"makes {column.Table}.{column.Name} obligatory",
            AlterColumnOperation column when column.ColumnType != column.OldColumn.ColumnType => $"changes the type of {column.Table}.{column.Name}",
            AddColumnOperation { IsNullable: false, DefaultValue: null, DefaultValueSql: null } column when !made.Contains(column.Table) => $"adds {column.Table}.{column.Name}, which old rows and old versions have no value for",
            AddUniqueConstraintOperation unique when !made.Contains(unique.Table) => $"makes {unique.Table} unique by {string.Join(", ", unique.Columns)}",
            CreateIndexOperation { IsUnique: true } index when !made.Contains(index.Table) => $"makes {index.Table} unique by {string.Join(", ", index.Columns)}",
            AddCheckConstraintOperation check when !made.Contains(check.Table) => $"checks {check.Table} by {check.Name}",
            AddForeignKeyOperation key when !made.Contains(key.Table) && !key.Columns.All(column => added.Contains((key.Table, column))) => $"binds {key.Table} by {string.Join(", ", key.Columns)}",
            SqlOperation sql when TakesAway().Match(sql.Sql) is { Success: true } found => $"says {found.Value.ToLowerInvariant()} in SQL",
            _ => null,
        }).OfType<string>();
    }

    /// <summary>Functions are called by the version before, too: each that a release had, with its arguments and its result, must still be there.</summary>
    /// <returns>What is no longer there.</returns>
    public static IEnumerable<string> Gone(IEnumerable<string> released, IEnumerable<string> present) => released.Except(present);

    public static bool MayBreak(Migration migration) => migration.GetType().Name.StartsWith(Contracting, StringComparison.Ordinal);

    [GeneratedRegex(@"\b(?:drop|rename|truncate|set\s+not\s+null|alter\s+column\s+\S+\s+(?:set\s+data\s+)?type)\b", RegexOptions.IgnoreCase)]
    private static partial Regex TakesAway();
}
