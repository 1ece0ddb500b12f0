namespace AiHub.Contracts;

/// <summary>Why a call was refused (RFC 9457, <c>application/problem+json</c>). Programs read <paramref name="Code"/>, people read the rest.</summary>
/// <param name="Type">A page that explains the code.</param>
/// <param name="Title">The kind of problem in the language of <c>Accept-Language</c>, zh-CN or en.</param>
/// <param name="Status">The HTTP status, again.</param>
/// <param name="Detail">What to do about it.</param>
/// <param name="Code">Stable name of the problem.</param>
/// <param name="RequestId">Tell it to support; also in the header <c>x-request-id</c>.</param>
/// <param name="Errors">What is wrong with each field, by the field's name on the wire.</param>
/// <param name="RetryAfter">Seconds to wait before trying again.</param>
public sealed record ProblemView(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Code,
    string RequestId,
    IReadOnlyDictionary<string, string[]>? Errors = null,
    int? RetryAfter = null);
