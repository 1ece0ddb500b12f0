namespace AiHub.Domain.Catalog;

/// <summary>What can keep data from being a catalogue, and what <see cref="CatalogException.Values"/> then holds.</summary>
public enum CatalogFault
{
    /// <summary>A setting of the hub; the message says which.</summary>
    Setting,

    /// <summary>The path of the field.</summary>
    FieldMissing,

    /// <summary>The path of the field.</summary>
    FieldUnknown,

    /// <summary>The path of the value.</summary>
    ValueUnreadable,

    /// <summary>The model, the vendor it names.</summary>
    VendorUnknown,

    /// <summary>The vendor, its address.</summary>
    AddressBad,

    /// <summary>The id.</summary>
    ModelIdBad,

    /// <summary>The name.</summary>
    NameTaken,

    /// <summary>The component, the model, the vendor, the price.</summary>
    PriceBad,

    /// <summary>The model, the vendor, the hours.</summary>
    HoursBad,

    /// <summary>The rate.</summary>
    RateBad,
}

/// <summary>Data that cannot be a catalogue; the message says what to correct and where, as do <paramref name="fault"/> and <paramref name="values"/> to whoever says it in another language.</summary>
public sealed class CatalogException(string message, CatalogFault fault = CatalogFault.Setting, params string[] values) : Exception(message)
{
    public CatalogFault Fault => fault;

    public IReadOnlyList<string> Values => values;
}
