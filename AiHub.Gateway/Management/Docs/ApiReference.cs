using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AiHub.Gateway.Management.Docs;

/// <summary>The OpenAPI documents, one a language: what ASP.NET Core finds out by itself, and the words, examples and refusals it cannot know.</summary>
public static class ApiReference
{
    public const string English = "v1";
    public const string Chinese = "v1.zh-CN";
    public const string SessionScheme = "session";
    public const string ApiKeyScheme = "api_key";
    public const string DirectoryScheme = "directory";

    private const string ProblemJson = "application/problem+json";

    private static readonly Text Title = new("AI Hub API", "AI Hub 接口");

    private static readonly Text Introduction = new(
        """
        One OpenAI-compatible endpoint for many model vendors (`/v1`, with an API key), and the management of who may call what (`/api/v1`, with a session).

        Start: `POST /api/v1/auth/register`, create a key with `POST /api/v1/auth/api-keys`, then call `POST /v1/chat/completions` with it.

        Management JSON is snake_case; money is a decimal string, never a floating-point number; times are RFC 3339. Errors are `application/problem+json` (RFC 9457) with a stable `code`; every code is explained at [/docs/errors](/docs/errors). Send `Accept-Language: zh-CN` for Chinese texts. `X-Organization-Id` selects the organization a call is about; without it, it is your personal one. Lists are read page by page: pass `next_cursor` as `cursor`.
        """,
        """
        一个兼容 OpenAI 的接口对接多家模型厂商（`/v1`，使用 API 密钥），以及对“谁可以调用什么”的管理（`/api/v1`，使用登录会话）。

        上手：`POST /api/v1/auth/register` 注册，`POST /api/v1/auth/api-keys` 创建密钥，然后用该密钥调用 `POST /v1/chat/completions`。

        管理接口的 JSON 使用 snake_case；金额为十进制字符串，从不使用浮点数；时间为 RFC 3339 格式。错误以 `application/problem+json`（RFC 9457）返回，带有稳定的 `code`，全部错误码见 [/docs/errors](/docs/errors)。发送 `Accept-Language: zh-CN` 可获得中文提示。`X-Organization-Id` 指定调用所针对的组织，缺省为您的个人组织。列表按页读取：将 `next_cursor` 作为 `cursor` 传入即可读取下一页。
        """);

    private static readonly Text OrganizationHeader = new(
        "The organization this call is about; without it, your personal one.",
        "本次调用所针对的组织；缺省为您的个人组织。");

    private static readonly Text LanguageHeader = new("zh-CN or en: the language of messages.", "zh-CN 或 en：提示信息所用的语言。");

    private static readonly Text RequestIdHeader = new("The id of this call, for support.", "本次调用的编号，便于技术支持排查。");

    private static readonly Text Ok = new("The answer.", "成功。");
    private static readonly Text Created = new("Created; the header Location names it.", "已创建，地址见响应头 Location。");
    private static readonly Text Done = new("Done; the body is empty.", "已完成，响应体为空。");

    private static readonly (Text Name, Text Description)[] Tags =
    [
        (new("Chat", "对话"), new("Call models. Compatible with the OpenAI API; authenticated by an API key.", "调用模型。兼容 OpenAI 接口，使用 API 密钥认证。")),
        (new("Embeddings", "向量"), new("Texts to vectors.", "将文本转换为向量。")),
        (new("Images", "图像"), new("Make and change images.", "生成与编辑图片。")),
        (new("Audio", "音频"), new("Speech from text, and text from speech.", "语音合成与语音识别。")),
        (new("Moderations", "内容审核"), new("Judge whether texts are harmful.", "判断文本是否包含有害内容。")),
        (new("Rerank", "重排序"), new("Order documents by their relevance to a query.", "按与查询的相关性排列文档。")),
        (new("Accounts", "账户"), new("Register, sign in, sign out.", "注册、登录与退出。")),
        (new("Single sign-on", "单点登录"), new("Signing in with an organization's identity provider, and its directory.", "通过组织的身份提供方登录，以及目录同步。")),
        (new("API keys", "API 密钥"), new("The keys programs call models with.", "程序调用模型所用的密钥。")),
        (new("Rate limits", "速率限制"), new("How fast, how large and how many at once calls may be.", "调用的频率、规模与并发数。")),
        (new("Usage", "用量"), new("What was called, how many tokens it took and what it cost.", "调用记录、令牌用量与费用。")),
        (new("Alerts", "告警"), new("Who hears of quota, wallet and budgets that run low.", "额度、钱包与预算不足时通知谁。")),
        (new("Organizations", "组织"), new("The organizations you belong to.", "您所属的组织。")),
        (new("Budgets", "预算"), new("What an organization, its teams, users and keys may spend in a period.", "组织及其团队、用户、密钥在一个周期内可使用的额度。")),
        (new("Own vendor keys", "自有厂商密钥"), new("Keys that an organization brings, for its own calls alone.", "组织自带的厂商密钥，仅用于本组织的调用。")),
        (new("Guardrails", "护栏"), new("Checks on what goes to models and what comes back.", "对输入与输出内容的检查。")),
        (new("Members", "成员"), new("Who belongs to an organization, and invitations into it.", "组织的成员与邀请。")),
        (new("Teams", "团队"), new("Groups of members, with keys of their own.", "由成员组成的团队，可拥有自己的密钥。")),
        (new("Administration", "平台管理"), new("For whoever runs this hub.", "供平台运营者使用。")),
        (new("Billing", "计费"), new("Plans, the subscription and the wallet.", "套餐、订阅与钱包。")),
        (new("Payments", "支付"), new("Paying in by Stripe, Alipay and WeChat Pay, and paying back.", "通过 Stripe、支付宝与微信支付充值，以及退款。")),
        (new("Invoices", "账单"), new("What was invoiced, as data and as files, and to whom.", "账单数据与文件，以及开票资料。")),
        (new("Catalog", "模型目录"), new("The models that can be called, and their prices.", "可调用的模型及其价格。")),
    ];

    public static IServiceCollection AddApiReference(this IServiceCollection services)
    {
        Add(English, Language.En);
        Add(Chinese, Language.Zh);
        return services;

        void Add(string document, Language language) => services.AddOpenApi(document, options =>
        {
            // Only what says what it is: probes, pages and the like are not part of the API.
            options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<Described>().Any();
            options.AddOperationTransformer((operation, context, ct) => DescribeAsync(operation, context, language, ct));
            options.AddDocumentTransformer((document, _, _) =>
            {
                Complete(document, language);
                return Task.CompletedTask;
            });
        });
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, Language language, CancellationToken ct)
    {
        var document = context.Document ?? throw new InvalidOperationException("An operation is described within its document.");
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var described = metadata.OfType<Described>().Last();
        var refusals = metadata.OfType<Refuses>().SelectMany(refuses => refuses.Kinds).ToHashSet();

        operation.OperationId = described.OperationId;
        operation.Summary = described.Summary.In(language);
        operation.Description = described.Description.In(language);

        operation.Parameters ??= [];
        if (metadata.OfType<OrganizationInPath>().Any())
        {
            if (!operation.Parameters.Any(parameter => parameter.Name == OrganizationInPath.RouteValue))
            {
                operation.Parameters.Insert(0, new OpenApiParameter { Name = OrganizationInPath.RouteValue, In = ParameterLocation.Path, Required = true });
            }

            var path = (OpenApiParameter)operation.Parameters.First(parameter => parameter.Name == OrganizationInPath.RouteValue);
            path.Description = Texts.OrganizationId.In(language);
            path.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" };
            path.Example = JsonSerializer.SerializeToNode(Examples.Organization.Id);
            refusals.UnionWith([ProblemKind.OrganizationNotFound, ProblemKind.ScopeMissing]);
        }

        if (metadata.OfType<Microsoft.AspNetCore.Authorization.AuthorizationPolicy>().SelectMany(policy => policy.Requirements).OfType<MemberWith>()
            .Any(asked => Permissions.RolesWith(asked.Permission).Count < Enum.GetValues<Domain.Tenancy.Role>().Length))
        {
            refusals.Add(ProblemKind.RoleNotAllowed);
        }

        foreach (var parameter in metadata.OfType<ParameterDescribed>())
        {
            var found = operation.Parameters?.OfType<OpenApiParameter>().FirstOrDefault(candidate => candidate.Name == parameter.Name)
                ?? throw new InvalidOperationException($"{described.OperationId} describes a parameter it does not have: {parameter.Name}.");
            found.Description = parameter.Description.In(language);
            found.Example = JsonSerializer.SerializeToNode(parameter.Example);
            if (found.Schema is OpenApiSchema schema && parameter.Format is not null)
            {
                schema.Format = parameter.Format;
            }
        }

        foreach (var asked in metadata.OfType<QueryAsked>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = asked.Name,
                In = ParameterLocation.Query,
                Description = asked.Description.In(language),
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = asked.Format },
                Example = JsonSerializer.SerializeToNode(asked.Example),
            });
        }

        operation.Parameters.Add(Header("Accept-Language", LanguageHeader.In(language), "zh-CN"));
        if (metadata.OfType<OfOrganization>().Any())
        {
            operation.Parameters.Add(Header(ApiHeaders.OrganizationId, OrganizationHeader.In(language), null, "uuid"));
            refusals.Add(ProblemKind.OrganizationNotFound);
            refusals.Add(ProblemKind.ScopeMissing);
            refusals.Add(ProblemKind.InvalidRequest);
        }

        if (metadata.OfType<Microsoft.AspNetCore.Authorization.AuthorizationPolicy>().Any() || metadata.OfType<Microsoft.AspNetCore.Authorization.IAuthorizeData>().Any())
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SessionScheme, document)] = [] }];
            refusals.UnionWith([ProblemKind.MissingToken, ProblemKind.InvalidToken, ProblemKind.TokenExpired]);
        }
        else
        {
            operation.Security = [];
        }

        if (operation.RequestBody?.Content is { } bodies)
        {
            refusals.UnionWith([ProblemKind.InvalidRequest, ProblemKind.InvalidJson, ProblemKind.UnknownMember, ProblemKind.BodyTooLarge, ProblemKind.UnsupportedMediaType]);
            foreach (var body in bodies.Values)
            {
                body.Example = Example(described.RequestExample);
            }
        }

        refusals.UnionWith([ProblemKind.InternalError, ProblemKind.Unavailable]);
        var problem = await ProblemSchemaAsync(context, document, ct);
        operation.Responses ??= [];

        foreach (var (status, response) in operation.Responses.Select(pair => (pair.Key, (OpenApiResponse)pair.Value)))
        {
            var instead = status == "202" ? metadata.OfType<AcceptedInstead>().LastOrDefault() : null;
            response.Description = (instead?.Description ?? status switch { "201" => Created, "204" => Done, _ => Ok }).In(language);
            response.Headers = RequestIdHeaders(language);
            foreach (var body in (IEnumerable<OpenApiMediaType>?)response.Content?.Values ?? [])
            {
                body.Example = Example(instead is null ? described.ResponseExample : instead.Example);
            }
        }

        foreach (var status in refusals.GroupBy(kind => kind.Status).OrderBy(group => group.Key))
        {
            operation.Responses[status.Key.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = string.Join(" / ", status.Select(kind => $"`{kind.Code}` {kind.Title.In(language)}")),
                Headers = RequestIdHeaders(language),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [ProblemJson] = new OpenApiMediaType
                    {
                        Schema = problem,
                        Examples = status.ToDictionary(kind => kind.Code, kind => (IOpenApiExample)new OpenApiExample { Summary = kind.Title.In(language), Value = Example(ProblemPage.Example(kind, language)) }),
                    },
                },
            };
        }
    }

    private static async Task<IOpenApiSchema> ProblemSchemaAsync(OpenApiOperationTransformerContext context, OpenApiDocument document, CancellationToken ct)
    {
        if (document.Components?.Schemas?.ContainsKey(nameof(ProblemView)) is not true)
        {
            document.AddComponent(nameof(ProblemView), (IOpenApiSchema)await context.GetOrCreateSchemaAsync(typeof(ProblemView), null, ct));
        }

        return new OpenApiSchemaReference(nameof(ProblemView), document);
    }

    private static void Complete(OpenApiDocument document, Language language)
    {
        document.Info = new OpenApiInfo { Title = Title.In(language), Version = "1", Description = Introduction.In(language) };

        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [SessionScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = new Text(
                    $"The access token (`{SignInTokens.AccessPrefix}…`) of a session, from `auth/login` or `auth/register`; or a management key (`ai-hub-…`), where its scopes allow.",
                    $"会话的访问令牌（`{SignInTokens.AccessPrefix}…`），由 `auth/login` 或 `auth/register` 返回；或权限范围允许的管理密钥（`ai-hub-…`）。").In(language),
            },
            [ApiKeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = new Text("An API key (`ai-hub-…`), from `auth/api-keys`.", "API 密钥（`ai-hub-…`），由 `auth/api-keys` 创建。").In(language),
            },
            [DirectoryScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = new Text(
                    $"A directory's token (`{SignInTokens.ScimPrefix}…`), from `organizations/{{id}}/scim-tokens`.",
                    $"目录的令牌（`{SignInTokens.ScimPrefix}…`），由 `organizations/{{id}}/scim-tokens` 创建。").In(language),
            },
        };

        FieldDescriptions.Describe(document, language);
        WrittenReference.AddTo(document, language);

        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Name.In(language), Description = tag.Description.In(language) }).ToHashSet();
        foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations!.Values))
        {
            var name = Tags.Single(tag => tag.Name.En == operation.Tags!.Single().Name).Name;
            operation.Tags = new HashSet<OpenApiTagReference> { new(name.In(language), document) };
        }
    }

    private static OpenApiParameter Header(string name, string description, string? example = null, string? format = null) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format },
        Example = example,
    };

    private static Dictionary<string, IOpenApiHeader> RequestIdHeaders(Language language) => new()
    {
        [RequestIds.Header] = new OpenApiHeader
        {
            Description = RequestIdHeader.In(language),
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        },
    };

    private static JsonNode? Example(object? example) => example is null ? null : JsonSerializer.SerializeToNode(example, example.GetType(), Json.Options);
}
