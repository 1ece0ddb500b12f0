namespace AiHub.Gateway.Management.Refusals;

/// <summary>A way in which the management API says no: the stable code programs read and the words people read.</summary>
public sealed record ProblemKind(string Code, int Status, Text Title, Text Detail)
{
    public static readonly ProblemKind InvalidRequest = new("invalid_request", 400,
        new("Some values are not valid", "部分内容不符合要求"),
        new("Correct the fields named in errors and send the request again.", "请修改 errors 中列出的字段后重新提交。"));

    public static readonly ProblemKind InvalidJson = new("invalid_json", 400,
        new("The body is not valid JSON", "请求体不是有效的 JSON"),
        new("Send one JSON object as the request body, encoded in UTF-8.", "请以 UTF-8 编码发送一个 JSON 对象作为请求体。"));

    public static readonly ProblemKind UnknownMember = new("unknown_member", 400,
        new("The body has a member this call does not know", "请求体包含未知字段"),
        new("Remove “{0}” or correct its spelling.", "请删除字段“{0}”，或检查其拼写。"));

    public static readonly ProblemKind MissingToken = new("missing_token", 401,
        new("Sign in first", "请先登录"),
        new("Send the access token in the header “Authorization: Bearer …”.", "请在请求头“Authorization: Bearer …”中携带访问令牌。"));

    public static readonly ProblemKind InvalidToken = new("invalid_token", 401,
        new("The access token is not valid", "访问令牌无效"),
        new("It is unknown or its session was signed out. Sign in again.", "该令牌不存在，或所属会话已退出。请重新登录。"));

    public static readonly ProblemKind TokenExpired = new("token_expired", 401,
        new("The access token has expired", "访问令牌已过期"),
        new("Get a new one with the refresh token, or sign in again.", "请使用刷新令牌换取新的访问令牌，或重新登录。"));

    /// <summary>One answer for an unknown address, a wrong password and a locked account: which of them it is helps only a stranger.</summary>
    public static readonly ProblemKind InvalidCredentials = new("invalid_credentials", 401,
        new("Signing in failed", "登录失败"),
        new("The e-mail address or the password is not right. After five wrong passwords an account rests for 15 minutes.", "邮箱或密码不正确。连续五次输错密码后，账户将锁定 15 分钟。"));

    public static readonly ProblemKind InvalidRefreshToken = new("invalid_refresh_token", 401,
        new("The refresh token is not valid", "刷新令牌无效"),
        new("It is unknown, expired, or was used before. Sign in again.", "该令牌不存在、已过期或已被使用过。请重新登录。"));

    /// <summary>One answer for a wrong code, a used one, a challenge that ended and a locked account.</summary>
    public static readonly ProblemKind InvalidCode = new("invalid_code", 401,
        new("The code is not right", "验证码不正确"),
        new("Enter the code the app shows now; each works once. After five tries or five minutes, sign in again.", "请输入应用当前显示的验证码，每个验证码仅可使用一次。尝试五次或超过五分钟后，请重新登录。"));

    public static readonly ProblemKind PasskeyNotValid = new("passkey_not_valid", 401,
        new("The passkey was not accepted", "通行密钥未通过验证"),
        new("It is unknown here, or the attempt took more than five minutes. Try again.", "该通行密钥未在此注册，或操作超过五分钟。请重试。"));

    /// <summary>One answer for whatever was wrong: what exactly is in the organization's audit log.</summary>
    public static readonly ProblemKind SignOnFailed = new("sign_on_failed", 401,
        new("Single sign-on failed", "单点登录失败"),
        new("Begin again. If it keeps happening, an owner or admin of your organization finds the reason in its audit log.", "请重新开始。如果问题持续出现，贵组织的所有者或管理员可在审计日志中查看原因。"));

    public static readonly ProblemKind SignOnRequired = new("sign_on_required", 403,
        new("This organization requires single sign-on", "该组织要求使用单点登录"),
        new("Sign in to {0} with its identity provider: begin with auth/sign-on/begin.", "请通过 {0} 的身份提供方登录：从 auth/sign-on/begin 开始。"));

    public static readonly ProblemKind EmailNotVerified = new("email_not_verified", 403,
        new("Verify your e-mail address first", "请先验证邮箱"),
        new("Open the link in the mail we sent you, or ask for another with auth/email/resend.", "请打开我们发送的邮件中的链接，或通过 auth/email/resend 重新发送。"));

    public static readonly ProblemKind RoleNotAllowed = new("role_not_allowed", 403,
        new("Your role does not allow this", "您的角色无权执行此操作"),
        new("This needs one of the roles {0} in the organization; yours is {1}. Ask an owner or admin.", "此操作需要在组织中具有以下角色之一：{0}；您的角色是 {1}。请联系所有者或管理员。"));

    public static readonly ProblemKind ModelKey = new("model_key", 401,
        new("This key is for calling models", "该密钥仅用于调用模型"),
        new("The management API takes an access token, or a key whose scopes are management permissions.", "管理接口需使用访问令牌，或具有管理权限范围的密钥。"));

    public static readonly ProblemKind AddressNotAllowed = new("address_not_allowed", 403,
        new("The key may not be used from this address", "不允许从此地址使用该密钥"),
        new("Its allowed addresses can be changed by whoever may change the key.", "有权修改该密钥的人可以调整其允许的地址。"));

    public static readonly ProblemKind SessionRequired = new("session_required", 403,
        new("This takes a person, not a key", "此操作需要用户登录"),
        new("Sign in and send the access token of the session.", "请登录并使用会话的访问令牌。"));

    public static readonly ProblemKind ScopeMissing = new("scope_missing", 403,
        new("The key was not made for this", "密钥缺少所需权限范围"),
        new("This needs a management key with the scope {0}.", "此操作需要具有权限范围 {0} 的管理密钥。"));

    public static readonly ProblemKind OperatorRequired = new("operator_required", 403,
        new("This is for operators of the hub", "仅限平台运营者"),
        new("You are not an operator of this hub.", "您不是此平台的运营者。"));

    public static readonly ProblemKind InvalidSetupToken = new("invalid_setup_token", 403,
        new("The set-up token is not valid", "初始化令牌无效"),
        new("It is unknown, expired or was used before. Migrating the database prints a new one while the hub has no operator.", "该令牌不存在、已过期或已被使用。平台尚无运营者时，迁移数据库会输出新的令牌。"));

    public static readonly ProblemKind RankTooLow = new("rank_too_low", 403,
        new("You can only act on members ranked below you", "只能操作级别低于自己的成员"),
        new("The owner ranks above admins, and admins above everybody else. Ask somebody ranked higher.", "所有者高于管理员，管理员高于其他成员。请联系级别更高的成员。"));

    public static readonly ProblemKind KeyBeyondYours = new("key_beyond_yours", 403,
        new("The key can do more than you", "该密钥的权限超出您的权限"),
        new("Whoever rotates a key holds it afterwards, so it must be one you could have made. A person's management key is rotated by that person alone; you can still switch it off or revoke it.", "轮换者将持有新的密钥，因此只能轮换您有权创建的密钥。个人的管理密钥只能由其本人轮换；您仍可停用或吊销它。"));

    public static readonly ProblemKind InvitationForOtherAddress = new("invitation_for_other_address", 403,
        new("The invitation is for another address", "该邀请属于其他邮箱"),
        new("Sign in with the e-mail address that was invited.", "请使用受邀邮箱登录。"));

    public static readonly ProblemKind NotFound = new("not_found", 404,
        new("There is nothing at this address", "请求的地址不存在"),
        new("Check the path; the endpoints are listed at /docs.", "请检查请求路径；全部接口见 /docs。"));

    public static readonly ProblemKind OrganizationNotFound = new("organization_not_found", 404,
        new("Organization not found", "未找到该组织"),
        new("It does not exist or you are not a member of it.", "该组织不存在，或您不是其成员。"));

    public static readonly ProblemKind NothingParked = new("nothing_parked", 404,
        new("Nothing is parked under this id", "没有该编号的搁置任务"),
        new("It may have been tried again already; look at the queues anew.", "该任务可能已重新处理，请刷新队列。"));

    public static readonly ProblemKind MemberNotFound = new("member_not_found", 404,
        new("Member not found", "未找到该成员"),
        new("This organization or team has no such member.", "此组织或团队中没有该成员。"));

    public static readonly ProblemKind LinkNotValid = new("link_not_valid", 404,
        new("The link is not valid", "链接无效"),
        new("It is unknown, expired, or was used before. Ask for a new one.", "该链接不存在、已过期或已被使用过。请重新申请。"));

    public static readonly ProblemKind NoSignOn = new("no_sign_on", 404,
        new("There is no single sign-on for this address", "该邮箱没有对应的单点登录"),
        new("No organization has set it up for this domain. Sign in with your password.", "尚无组织为该域名设置单点登录。请使用密码登录。"));

    public static readonly ProblemKind SignOnNotFound = new("sign_on_not_found", 404,
        new("Single sign-on is not set up", "尚未设置单点登录"),
        new("This organization has no identity provider yet.", "该组织尚未设置身份提供方。"));

    public static readonly ProblemKind ScimTokenNotFound = new("scim_token_not_found", 404,
        new("SCIM token not found", "未找到该 SCIM 令牌"),
        new("It does not exist in this organization or was revoked.", "该令牌在此组织中不存在，或已被吊销。"));

    public static readonly ProblemKind SignOnProviderUnusable = new("sign_on_provider_unusable", 409,
        new("The identity provider cannot be used", "无法使用该身份提供方"),
        new("Nothing was saved: {0}", "未保存任何更改：{0}"));

    public static readonly ProblemKind DomainNotProven = new("domain_not_proven", 409,
        new("The domain is not proven yet", "域名尚未通过验证"),
        new("Add the TXT record {0} with the value {1}, wait until it can be seen, and try again.", "请添加 TXT 记录 {0}，值为 {1}，待其生效后重试。"));

    public static readonly ProblemKind DomainTaken = new("domain_taken", 409,
        new("Another organization has proven this domain", "该域名已由其他组织验证"),
        new("A domain belongs to one organization. Ask whoever runs the other one to end its single sign-on.", "一个域名只能属于一个组织。请联系另一组织的管理员停用其单点登录。"));

    public static readonly ProblemKind ScimTokenLimitReached = new("scim_token_limit_reached", 409,
        new("The organization has as many SCIM tokens as it may", "组织的 SCIM 令牌数量已达上限"),
        new("An organization may have {0}. Revoke one that is not in use.", "每个组织最多可拥有 {0} 个。请先吊销不再使用的令牌。"));

    public static readonly ProblemKind PasskeyNotFound = new("passkey_not_found", 404,
        new("Passkey not found", "未找到该通行密钥"),
        new("You have no such passkey.", "您没有该通行密钥。"));

    public static readonly ProblemKind TwoFactorIsOn = new("two_factor_is_on", 409,
        new("Two-factor authentication is on", "两步验证已启用"),
        new("Switch it off first to set up another app.", "如需更换应用，请先关闭两步验证。"));

    public static readonly ProblemKind PasskeyLimitReached = new("passkey_limit_reached", 409,
        new("You have as many passkeys as you may", "通行密钥数量已达上限"),
        new("One person may have {0} passkeys. Delete those that are not in use.", "每人最多可拥有 {0} 个通行密钥。请先删除不再使用的。"));

    public static readonly ProblemKind SessionNotFound = new("session_not_found", 404,
        new("Session not found", "未找到该会话"),
        new("You have no such session, or it has ended.", "您没有该会话，或会话已结束。"));

    public static readonly ProblemKind TeamNotFound = new("team_not_found", 404,
        new("Team not found", "未找到该团队"),
        new("It does not exist in this organization or was dissolved.", "该团队在此组织中不存在，或已解散。"));

    public static readonly ProblemKind InvitationNotFound = new("invitation_not_found", 404,
        new("Invitation not found", "未找到该邀请"),
        new("This organization has no such open invitation.", "此组织中没有该未接受的邀请。"));

    public static readonly ProblemKind InvitationNotValid = new("invitation_not_valid", 404,
        new("The invitation is not valid", "邀请无效"),
        new("It was used, revoked, replaced by a newer one, or has expired. Ask for a new one.", "该邀请已被使用、撤销、取代或过期。请索取新的邀请。"));

    public static readonly ProblemKind KeyNotFound = new("key_not_found", 404,
        new("API key not found", "未找到该 API 密钥"),
        new("It does not exist in this organization or was revoked.", "该密钥在此组织中不存在，或已被吊销。"));

    public static readonly ProblemKind RequestNotFound = new("request_not_found", 404,
        new("Call not found", "未找到该调用记录"),
        new("This organization has no call with that id.", "此组织中没有该编号的调用记录。"));

    public static readonly ProblemKind VendorNotFound = new("vendor_not_found", 404,
        new("Vendor not found", "未找到该厂商"),
        new("The catalogue has no vendor with that id.", "目录中没有该编号的厂商。"));

    public static readonly ProblemKind VendorKeyNotFound = new("vendor_key_not_found", 404,
        new("Vendor key not found", "未找到该厂商密钥"),
        new("It does not exist or was removed.", "该密钥不存在或已删除。"));

    public static readonly ProblemKind EndpointNotFound = new("endpoint_not_found", 404,
        new("Endpoint not found", "未找到该端点"),
        new("The catalogue has no endpoint with that id.", "目录中没有该编号的端点。"));

    public static readonly ProblemKind ModelUnknown = new("model_unknown", 404,
        new("Model not found", "未找到该模型"),
        new("The catalogue has no model with that id.", "目录中没有该编号的模型。"));

    public static readonly ProblemKind PriceNotFound = new("price_not_found", 404,
        new("Price not found", "未找到该价格"),
        new("It does not exist or has an end already.", "该价格不存在，或已设定结束时间。"));

    public static readonly ProblemKind ProposalNotFound = new("proposal_not_found", 404,
        new("Price proposal not found", "未找到该价格提案"),
        new("It does not exist or has been decided upon.", "该提案不存在或已审批。"));

    public static readonly ProblemKind CatalogueNameTaken = new("catalogue_name_taken", 409,
        new("The catalogue has that already", "目录中已存在同名项"),
        new("“{0}” is taken; choose another name or change what is there.", "“{0}”已被使用；请更换名称，或修改已有项。"));

    public static readonly ProblemKind PriceOverlaps = new("price_overlaps", 409,
        new("There is already a price for that time", "该时间段已有价格"),
        new("Two prices of one thing must not overlap; choose another start or end.", "同一计价项目的价格时间不得重叠；请调整开始或结束时间。"));

    public static readonly ProblemKind DiscountNotFound = new("discount_not_found", 404,
        new("Discount not found", "未找到该折扣"),
        new("It does not exist or has an end already.", "该折扣不存在，或已设定结束时间。"));

    public static readonly ProblemKind DiscountOverlaps = new("discount_overlaps", 409,
        new("There is already a discount for that time", "该时间段已有折扣"),
        new("Two discounts of one organization on the same vendor and models must not overlap; choose another start or end.", "同一组织针对相同厂商与模型的折扣时间不得重叠；请调整开始或结束时间。"));

    public static readonly ProblemKind NotACatalogue = new("not_a_catalogue", 400,
        new("This cannot be a catalogue", "目录内容无法识别"),
        new("Correct this and import again: {0}", "请更正后重新导入：{0}"));

    public static readonly ProblemKind LimitSubjectNotFound = new("limit_subject_not_found", 404,
        new("There is nobody to limit", "未找到限制对象"),
        new("This organization has no such team, member or active API key.", "此组织中没有该团队、成员或有效的 API 密钥。"));

    public static readonly ProblemKind AlertNotFound = new("alert_not_found", 404,
        new("There is no such channel, rule or message", "未找到该渠道、规则或消息"),
        new("It does not exist in this organization, was removed, or is not in a state in which this can be done.", "在此组织中不存在、已被删除，或当前状态不支持此操作。"));

    public static readonly ProblemKind TooManyAlerts = new("too_many_alerts", 409,
        new("There are as many as there may be", "数量已达上限"),
        new("An organization may have {0} channels and as many rules. Remove those that are not in use.", "每个组织最多可有 {0} 个渠道与同样数量的规则。请先删除不再使用的项。"));

    public static readonly ProblemKind InvoiceNotFound = new("invoice_not_found", 404,
        new("Invoice not found", "未找到该账单"),
        new("It does not exist here.", "该账单在此处不存在。"));

    public static readonly ProblemKind InvoiceNotOpen = new("invoice_not_open", 409,
        new("The invoice does not wait for payment", "该账单不在待付款状态"),
        new("Its status is “{0}”; only a finalized or overdue one of which nothing stands against it can be changed so.", "其状态为“{0}”；仅待付款或已逾期的账单可执行此操作。"));

    public static readonly ProblemKind CreditNotPossible = new("credit_not_possible", 409,
        new("This cannot be credited", "无法冲减"),
        new("Nothing was credited: {0}", "未开具贷项通知单：{0}"));

    public static readonly ProblemKind DocumentNotReady = new("document_not_ready", 409,
        new("The file is being made", "文件生成中"),
        new("Wait {0} seconds and try again.", "请在 {0} 秒后重试。"));

    public static readonly ProblemKind FapiaoNotAvailable = new("fapiao_not_available", 409,
        new("Fapiao are not issued here", "该组织不支持开具发票"),
        new("Fapiao are issued to organizations that are billed in CNY.", "仅以人民币结算的组织可申请发票。"));

    public static readonly ProblemKind FapiaoNotFound = new("fapiao_not_found", 404,
        new("Fapiao or title not found", "未找到该发票申请或抬头"),
        new("It does not exist in this organization or was removed.", "该发票申请或抬头在此组织中不存在，或已被删除。"));

    public static readonly ProblemKind FapiaoExceeded = new("fapiao_exceeded", 409,
        new("More than can be invoiced", "超过可开票金额"),
        new("At most {0} was paid, used and not invoiced yet.", "当前可开票金额为 {0}。"));

    public static readonly ProblemKind FapiaoNotIssued = new("fapiao_not_issued", 409,
        new("The request is not in a state for this", "该申请当前状态不支持此操作"),
        new("Only what was issued is reversed, and only what was not taken up yet is refused.", "仅已开具的发票可红冲，仅未处理的申请可驳回。"));

    public static readonly ProblemKind TooManyTitles = new("too_many_titles", 409,
        new("The organization has as many titles as it may", "抬头数量已达上限"),
        new("An organization may have {0} titles. Remove some that are not needed.", "每个组织最多可有 {0} 个抬头，请先删除不再使用的抬头。"));

    public static readonly ProblemKind OrderNotFound = new("order_not_found", 404,
        new("Order not found", "未找到该订单"),
        new("This organization has no order with that id.", "此组织中没有该编号的订单。"));

    public static readonly ProblemKind MethodNotAllowed = new("method_not_allowed", 405,
        new("This address does not take that method", "该地址不支持此请求方法"),
        new("The methods it takes are in the header Allow.", "支持的方法见响应头 Allow。"));

    public static readonly ProblemKind EmailTaken = new("email_taken", 409,
        new("This e-mail address is already registered", "该邮箱已注册"),
        new("Sign in instead, or register with another address.", "请直接登录，或使用其他邮箱注册。"));

    public static readonly ProblemKind KeyLimitReached = new("key_limit_reached", 409,
        new("The organization has as many API keys as it may", "组织的 API 密钥数量已达上限"),
        new("An organization may have {0} keys. Revoke keys that are not in use.", "每个组织最多可拥有 {0} 个密钥。请先吊销不再使用的密钥。"));

    public static readonly ProblemKind AlreadyMember = new("already_member", 409,
        new("Already a member", "已是成员"),
        new("This person belongs to the organization already.", "此人已属于该组织。"));

    public static readonly ProblemKind DeactivatedByDirectory = new("deactivated_by_directory", 409,
        new("The directory has deactivated this person", "目录已停用此人"),
        new("The organization's directory decides who of its people are members. Activate the person there.", "由组织的目录决定其人员是否为成员。请先在目录中启用此人。"));

    public static readonly ProblemKind OwnerMustTransfer = new("owner_must_transfer", 409,
        new("The owner cannot leave", "所有者不能退出"),
        new("Hand the organization over to another member first, or close it.", "请先将组织转让给其他成员，或关闭组织。"));

    public static readonly ProblemKind PersonalOrganization = new("personal_organization", 409,
        new("This is a personal organization", "这是个人组织"),
        new("A personal organization stays with its person; open another organization for a company.", "个人组织不可转让或关闭；请为公司另行创建组织。"));

    public static readonly ProblemKind OrganizationNotEmpty = new("organization_not_empty", 409,
        new("The organization still has money or a paid plan", "组织仍有余额或付费套餐"),
        new("Go back to the Free plan, use up or have refunded what is in the wallet, and let running calls end.", "请先回到免费版，用完或退还钱包余额，并等待进行中的调用结束。"));

    public static readonly ProblemKind OrganizationLimitReached = new("organization_limit_reached", 409,
        new("You own as many organizations as you may", "您拥有的组织数量已达上限"),
        new("One person may own {0} organizations. Close one or hand it over.", "每人最多可拥有 {0} 个组织。请关闭或转让其中之一。"));

    public static readonly ProblemKind TeamNameTaken = new("team_name_taken", 409,
        new("There is a team with this name", "团队名称已存在"),
        new("Choose another name.", "请换一个名称。"));

    public static readonly ProblemKind TeamLimitReached = new("team_limit_reached", 409,
        new("The organization has as many teams as it may", "组织的团队数量已达上限"),
        new("An organization may have {0} teams.", "每个组织最多可拥有 {0} 个团队。"));

    public static readonly ProblemKind InvitationLimitReached = new("invitation_limit_reached", 409,
        new("Too many open invitations", "未接受的邀请过多"),
        new("An organization may have {0} open invitations. Revoke some first.", "每个组织最多可有 {0} 个未接受的邀请。请先撤销一部分。"));

    public static readonly ProblemKind ChannelNotAvailable = new("channel_not_available", 409,
        new("This payment channel is not available", "该支付渠道暂不可用"),
        new("{0} cannot be paid with at the moment. GET billing/channels lists what can.", "目前无法使用 {0} 支付。可用渠道请查询 GET billing/channels。"));

    public static readonly ProblemKind IdempotencyConflict = new("idempotency_conflict", 409,
        new("This Idempotency-Key was used for something else", "该 Idempotency-Key 已用于其他请求"),
        new("Repeat a request exactly, or choose a new key for a new one.", "重试时请保持请求内容一致；新的请求请使用新的 Idempotency-Key。"));

    public static readonly ProblemKind RefundNotPossible = new("refund_not_possible", 409,
        new("This cannot be refunded", "无法退款"),
        new("Nothing was refunded: {0}", "未发生退款：{0}"));

    public static readonly ProblemKind BodyTooLarge = new("body_too_large", 413,
        new("The body is too large", "请求体过大"),
        new("This API reads bodies of up to {0} bytes.", "本接口的请求体不得超过 {0} 字节。"));

    public static readonly ProblemKind UnsupportedMediaType = new("unsupported_media_type", 415,
        new("The body must be JSON", "请求体必须为 JSON"),
        new("Send the header “Content-Type: application/json”.", "请携带请求头“Content-Type: application/json”。"));

    public static readonly ProblemKind TooManyAttempts = new("too_many_attempts", 429,
        new("Too many attempts", "尝试次数过多"),
        new("Wait {0} seconds and try again.", "请在 {0} 秒后重试。"));

    public static readonly ProblemKind InternalError = new("internal_error", 500,
        new("Something went wrong on our side", "服务器内部错误"),
        new("Try again; if it keeps happening, tell support the request_id.", "请重试；如果问题持续出现，请向技术支持提供 request_id。"));

    public static readonly ProblemKind Unavailable = new("unavailable", 503,
        new("The service is not available at the moment", "服务暂时不可用"),
        new("Wait {0} seconds and try again.", "请在 {0} 秒后重试。"));

    public static readonly ProblemKind BudgetNotFound = new("budget_not_found", 404,
        new("Budget not found", "未找到该预算"),
        new("It does not exist in this organization or was removed.", "该预算在此组织中不存在，或已被删除。"));

    public static readonly ProblemKind BudgetLimitReached = new("budget_limit_reached", 409,
        new("The organization has as many budgets as it may", "组织的预算数量已达上限"),
        new("An organization may have {0} budgets. Remove some that are not needed.", "每个组织最多可设置 {0} 个预算。请先删除不再需要的预算。"));

    public static readonly ProblemKind VendorKeyRefused = new("vendor_key_refused", 422,
        new("The vendor does not accept the key", "厂商未接受该密钥"),
        new("The test call failed after {0} ms: {1} Correct the key or its address, or save it untested.", "测试调用在 {0} 毫秒后失败：{1} 请更正密钥或地址，或不经测试直接保存。"));

    public static readonly ProblemKind TooManyVendorKeys = new("too_many_vendor_keys", 409,
        new("The organization has as many vendor keys as it may", "组织的厂商密钥数量已达上限"),
        new("An organization may bring {0} keys. Remove some that are not needed.", "每个组织最多可添加 {0} 个密钥。请先删除不再需要的密钥。"));

    public static readonly ProblemKind GuardrailNotFound = new("guardrail_not_found", 404,
        new("Guardrail not found", "未找到该护栏"),
        new("It does not exist in this organization or was removed.", "该护栏在此组织中不存在，或已被删除。"));

    public static readonly ProblemKind TooManyGuardrails = new("too_many_guardrails", 409,
        new("The organization has as many guardrails as it may", "组织的护栏数量已达上限"),
        new("An organization may have {0} guardrails. Remove some that are not needed.", "每个组织最多可设置 {0} 个护栏。请先删除不再需要的护栏。"));

    public static readonly ProblemKind ContentNotFound = new("content_not_found", 404,
        new("There is no content of this call", "没有该调用的内容"),
        new("The call does not exist, its content was not kept, or it was deleted when its time was over.", "该调用不存在、未保存内容，或内容已到期删除。"));

    public static readonly ProblemKind PlanNotSold = new("plan_not_sold", 409,
        new("This plan cannot be bought like that", "无法以此方式购买该套餐"),
        new("“{0}” by the {1} is not for sale here. GET billing/plans lists what is; larger needs are agreed with the operator.", "套餐“{0}”不支持按 {1} 购买。可购买的套餐请查询 GET billing/plans；更大的需求请联系平台运营者。"));

    public static readonly ProblemKind PlanUnchanged = new("plan_unchanged", 409,
        new("There is nothing to change", "没有需要变更的内容"),
        new("The organization is on this plan already.", "组织已在使用该套餐。"));

    public static readonly ProblemKind PlanByContract = new("plan_by_contract", 409,
        new("The plan is agreed by contract", "套餐由合同约定"),
        new("Ask the operator of this hub to change it.", "如需变更，请联系平台运营者。"));

    public static readonly ProblemKind NothingToRenew = new("nothing_to_renew", 409,
        new("There is nothing to renew", "没有可续费的内容"),
        new("The plan is free, is paid for a year ahead, or another one follows it. Resume it first, or choose a plan.", "当前套餐免费、已预付一年，或到期后将变更为其他套餐。请先恢复订阅，或重新选择套餐。"));

    public static readonly ProblemKind SubscriptionChanged = new("subscription_changed", 409,
        new("The subscription has changed meanwhile", "订阅已发生变化"),
        new("Look at it again and repeat what you want.", "请刷新订阅信息后重试。"));

    public static readonly ProblemKind BalanceTooLow = new("balance_too_low", 409,
        new("The balance does not cover this", "余额不足"),
        new("{0} {1} of purchased balance is needed. Top up, or pay by another channel.", "需要充值余额 {0} {1}。请先充值，或选择其他支付渠道。"));

    public static readonly ProblemKind NoPaymentMethod = new("no_payment_method", 409,
        new("There is no saved payment method", "没有已保存的支付方式"),
        new("Pay once by card with automatic renewal; the card is then kept for it.", "请先使用银行卡支付一次并开启自动续费，系统将保存该卡。"));

    public static readonly ProblemKind CodeNotValid = new("code_not_valid", 404,
        new("The code is not valid", "兑换码无效"),
        new("It does not exist, has expired, or has been redeemed.", "该兑换码不存在、已过期或已被兑换。"));

    public static readonly ProblemKind CodeNotForYou = new("code_not_for_you", 409,
        new("The code cannot be redeemed here", "无法兑换该兑换码"),
        new("It is in another currency, or the organization has redeemed its share of these codes.", "兑换码的货币与组织不符，或组织已达到该批次的兑换上限。"));

    public static readonly ProblemKind CodeBatchNotFound = new("code_batch_not_found", 404,
        new("Batch not found", "未找到该批次"),
        new("It does not exist.", "该批次不存在。"));

    public static readonly ProblemKind AmountBelowMinimum = new("amount_below_minimum", 409,
        new("The amount is too small for this channel", "金额低于该渠道的最低限额"),
        new("{0} collects no less than {1} {2}. Pay from the balance, or by another channel.", "{0} 的最低收款金额为 {1} {2}。请使用余额或其他渠道支付。"));

    public static readonly ProblemKind BillNotFound = new("bill_not_found", 404,
        new("There is no such bill or difference", "未找到该账单或差异"),
        new("It does not exist, or the difference is gone or accepted already.", "该账单不存在，或差异已消除、已确认。"));

    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        PlanNotSold, PlanUnchanged, PlanByContract, NothingToRenew, SubscriptionChanged, BalanceTooLow, NoPaymentMethod, CodeNotValid, CodeNotForYou, CodeBatchNotFound,
        VendorNotFound, VendorKeyNotFound, EndpointNotFound, ModelUnknown, PriceNotFound, ProposalNotFound, CatalogueNameTaken, PriceOverlaps, DiscountNotFound, DiscountOverlaps, NotACatalogue,
        InvalidRequest, InvalidJson, UnknownMember, MissingToken, InvalidToken, TokenExpired, InvalidCredentials, InvalidRefreshToken,
        RoleNotAllowed, NotFound, OrganizationNotFound, NothingParked, KeyNotFound, RequestNotFound, OrderNotFound, FapiaoNotAvailable, FapiaoNotFound, FapiaoExceeded, FapiaoNotIssued, TooManyTitles, ChannelNotAvailable, IdempotencyConflict, RefundNotPossible, LimitSubjectNotFound, AlertNotFound, TooManyAlerts, MethodNotAllowed, EmailTaken, KeyLimitReached,
        BodyTooLarge, UnsupportedMediaType, TooManyAttempts, InternalError, Unavailable,
        ModelKey, AddressNotAllowed, SessionRequired, ScopeMissing, OperatorRequired, InvalidSetupToken, RankTooLow, KeyBeyondYours, InvitationForOtherAddress,
        MemberNotFound, SessionNotFound, TeamNotFound, InvitationNotFound, InvitationNotValid, AlreadyMember, DeactivatedByDirectory, OwnerMustTransfer, PersonalOrganization,
        OrganizationNotEmpty, OrganizationLimitReached, TeamNameTaken, TeamLimitReached, InvitationLimitReached,
        BudgetNotFound, BudgetLimitReached,
        VendorKeyRefused, TooManyVendorKeys, GuardrailNotFound, TooManyGuardrails, ContentNotFound,
        SignOnFailed, SignOnRequired, NoSignOn, SignOnNotFound, ScimTokenNotFound, SignOnProviderUnusable, DomainNotProven, DomainTaken, ScimTokenLimitReached,
        InvalidCode, PasskeyNotValid, EmailNotVerified, LinkNotValid, PasskeyNotFound, TwoFactorIsOn, PasskeyLimitReached,
        InvoiceNotFound, InvoiceNotOpen, CreditNotPossible, DocumentNotReady,
        BillNotFound, AmountBelowMinimum,
    ];
}
