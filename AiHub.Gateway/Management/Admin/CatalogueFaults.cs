using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Why something cannot be a catalogue, in the operator's language.</summary>
public static class CatalogueFaults
{
    public static string Told(CatalogException impossible, Language language) => Of(impossible.Fault)?.In(language, [.. impossible.Values]) ?? impossible.Message;

    private static Text? Of(CatalogFault fault) => fault switch
    {
        CatalogFault.FieldMissing => new("“{0}” is missing.", "缺少“{0}”。"),
        CatalogFault.FieldUnknown => new("A catalogue has no “{0}”.", "目录中没有“{0}”这一项。"),
        CatalogFault.ValueUnreadable => new("The value of “{0}” is not of the right kind.", "“{0}”的值类型不正确。"),
        CatalogFault.VendorUnknown => new("The model “{0}” names the vendor “{1}”, which is not in the catalogue.", "模型“{0}”引用的厂商“{1}”不在目录中。"),
        CatalogFault.AddressBad => new("The base URL of the vendor “{0}” is not an http or https URL: “{1}”.", "厂商“{0}”的接口地址不是 http 或 https 地址：“{1}”。"),
        CatalogFault.ModelIdBad => new("The id of a model has the form author/name; this has not: “{0}”.", "模型编号须为“作者/名称”的形式，以下不符合：“{0}”。"),
        CatalogFault.NameTaken => new("Two models would answer to the name “{0}”.", "有两个模型使用同一名称“{0}”。"),
        CatalogFault.PriceBad => new("The {0} price of “{1}” at “{2}” is not a price: “{3}”.", "“{1}”在“{2}”的 {0} 价格无效：“{3}”。"),
        CatalogFault.HoursBad => new("The hours of a price of “{0}” at “{1}” cannot be read: “{2}”.", "“{0}”在“{1}”的价格适用时段无法识别：“{2}”。"),
        CatalogFault.RateBad => new("“{0}” is not what a dollar costs in yuan.", "“{0}”不是有效的美元兑人民币汇率。"),
        _ => null,
    };
}
