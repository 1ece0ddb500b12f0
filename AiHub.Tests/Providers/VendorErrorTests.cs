using System.Net;
using AiHub.Gateway.Providers;

namespace AiHub.Tests.Providers;

/// <summary>Errors as vendors write them, and what each of them means.</summary>
public sealed class VendorErrorTests
{
    private static readonly VendorQuirks Zhipu = new() { Errors = "1113=unauthorized 1301=filtered 1302=busy 1308=unauthorized 1261=rejected" };
    private static readonly VendorQuirks MiniMax = new() { Errors = "1002=busy 1004=unauthorized 1008=unauthorized 1026=filtered 1039=busy 2013=rejected" };

    public static TheoryData<string, int?, string, ProviderFailure> Errors => new()
    {
        { "openai", 429, """{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""", ProviderFailure.Unauthorized },
        { "openai", 429, """{"error":{"message":"m","type":"requests","param":null,"code":"rate_limit_exceeded"}}""", ProviderFailure.Busy },
        { "openai", 401, """{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""", ProviderFailure.Unauthorized },
        { "openai", 400, """{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", ProviderFailure.Rejected },
        { "openai", 404, """{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"model_not_found"}}""", ProviderFailure.Unavailable },
        { "openai", 500, """{"error":{"message":"m","type":"server_error","param":null,"code":null}}""", ProviderFailure.Unavailable },
        { "azure", 400, """{"error":{"message":"m","param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}""", ProviderFailure.Filtered },
        { "azure", 404, """{"error":{"code":"DeploymentNotFound","message":"m"}}""", ProviderFailure.Unavailable },
        { "azure", 401, """{"error":{"code":"401","message":"Access denied"}}""", ProviderFailure.Unauthorized },
        { "anthropic", 529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}""", ProviderFailure.Busy },
        { "anthropic", null, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", ProviderFailure.Busy },
        { "anthropic", null, """{"type":"error","error":{"type":"api_error","message":"m"}}""", ProviderFailure.Unavailable },
        { "anthropic", null, """{"type":"error","error":{"type":"invalid_request_error","message":"m"}}""", ProviderFailure.Rejected },
        { "anthropic", 402, """{"type":"error","error":{"type":"billing_error","message":"m"}}""", ProviderFailure.Unauthorized },
        { "anthropic", 403, """{"type":"error","error":{"type":"permission_error","message":"m"}}""", ProviderFailure.Unauthorized },
        { "anthropic", 504, """{"type":"error","error":{"type":"timeout_error","message":"m"}}""", ProviderFailure.Timeout },
        { "gemini", 400, """{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}""", ProviderFailure.Unauthorized },
        { "gemini", 400, """{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}""", ProviderFailure.Rejected },
        { "gemini", 429, """[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]""", ProviderFailure.Busy },
        { "gemini", 503, """{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}""", ProviderFailure.Busy },
        { "gemini", 504, """{"error":{"code":504,"message":"m","status":"DEADLINE_EXCEEDED"}}""", ProviderFailure.Timeout },
        { "responses", null, """{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}""", ProviderFailure.Busy },
        { "responses", null, """{"type":"error","code":"server_error","message":"m","param":null}""", ProviderFailure.Unavailable },
        { "responses", null, """{"id":"r","status":"failed","error":{"code":"invalid_prompt","message":"m"}}""", ProviderFailure.Filtered },
        { "dashscope", 400, """{"error":{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing.","type":"Arrearage"}}""", ProviderFailure.Unauthorized },
        { "dashscope", 400, """{"code":"DataInspectionFailed","message":"m","request_id":"r"}""", ProviderFailure.Filtered },
        { "dashscope", 429, """{"code":"Throttling.RateQuota","message":"m"}""", ProviderFailure.Busy },
        { "volcengine", 403, """{"error":{"code":"AccountOverdueError","message":"m","param":"","type":"Forbidden"}}""", ProviderFailure.Unauthorized },
        { "volcengine", 400, """{"error":{"code":"SensitiveContentDetected.SevereViolation","message":"m","type":"BadRequest"}}""", ProviderFailure.Filtered },
        { "volcengine", 429, """{"error":{"code":"ServerOverloaded","message":"m","type":"TooManyRequests"}}""", ProviderFailure.Busy },
        { "moonshot", 429, """{"error":{"message":"m","type":"exceeded_current_quota_error"}}""", ProviderFailure.Unauthorized },
        { "moonshot", 429, """{"error":{"message":"m","type":"engine_overloaded_error"}}""", ProviderFailure.Busy },
        { "deepseek", 402, """{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}""", ProviderFailure.Unauthorized },
        { "zhipu", 429, """{"error":{"code":"1113","message":"余额不足或无可用资源包，请充值。"}}""", ProviderFailure.Unauthorized },
        { "zhipu", 429, """{"error":{"code":"1302","message":"您当前使用该API的并发数过高"}}""", ProviderFailure.Busy },
        { "zhipu", 429, """{"error":{"code":"1308","message":"已达到 5 小时的使用上限"}}""", ProviderFailure.Unauthorized },
        { "zhipu", 400, """{"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容"}}""", ProviderFailure.Filtered },
        { "minimax", null, """{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}""", ProviderFailure.Unauthorized },
        { "minimax", null, """{"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}}""", ProviderFailure.Busy },
        { "a proxy", 502, "<html>Bad gateway</html>", ProviderFailure.Unavailable },
        { "a proxy", 429, "", ProviderFailure.Busy },
        { "a redirect", 302, "", ProviderFailure.Malformed },
    };

    [Theory, MemberData(nameof(Errors))]
    public void An_error_means_what_its_vendor_means_by_it(string vendor, int? status, string body, ProviderFailure expected)
    {
        var quirks = vendor switch { "zhipu" => Zhipu, "minimax" => MiniMax, _ => VendorQuirks.None };

        Assert.Equal(expected, VendorErrorCodes.Of(VendorError.Read(body), (HttpStatusCode?)status, quirks));
    }

    [Fact]
    public void What_is_fine_is_no_error()
    {
        Assert.Null(VendorError.Read("""{"base_resp":{"status_code":0,"status_msg":""}}"""));
        Assert.Null(VendorError.Read("<html></html>"));
        Assert.Null(VendorError.Read(null));
        Assert.Equal(new VendorError(null, null, null, null), VendorError.Read("""{"id":"x","choices":[]}"""));
    }

    [Theory]
    [InlineData("34s", 34_000)]
    [InlineData("0.5s", 500)]
    [InlineData("soon", null)]
    public void Google_says_in_the_body_when_to_come_back(string delay, int? milliseconds)
    {
        var error = VendorError.Read($$$"""{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{{{delay}}}"}]}}""");

        Assert.Equal(milliseconds, error!.Value.RetryAfter?.TotalMilliseconds);
    }
}
