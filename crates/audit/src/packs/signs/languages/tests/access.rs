//! Paths, origins, texts and records that a caller reaches or chooses.

use super::{Practice, check};

#[test]
fn open_paths_of_spring_are_found_auth_5() {
    let rule = |path: &str, end: &str| {
        let text = format!(
            "    http.authorizeHttpRequests(auth -> auth\n        .requestMatchers(\"/a\").permitAll()\n        .requestMatchers(\"{path}\"){end}\n        .anyRequest().authenticated());\n"
        );
        &*text.leak()
    };
    check(&[
        (
            Practice::Management,
            "a.java",
            rule("/actuator/**", ".permitAll()"),
            rule("/actuator/**", ".hasRole(\"OPERATOR\")"),
        ),
        (
            Practice::ApiDocs,
            "a.java",
            rule("/v3/api-docs/**", ".permitAll()"),
            rule("/v3/api-docs/**", ".hasRole(\"OPERATOR\")"),
        ),
        (
            Practice::LiteralSetting,
            "a.java",
            "    config.setAllowedOrigins(List.of(\"http://localhost:3000\"));\n",
            "    config.setAllowedOrigins(List.of(origin));\n",
        ),
        (
            Practice::LiteralSetting,
            "a.java",
            "  private static final String BASE_URL = \"http://worker:4500\";\n",
            "  private static final String BASE_PATH = \"/worker\";\n",
        ),
        (
            Practice::InternalError,
            "a.java",
            "    return builder\n        .message(\"invalid input \" + ex.getMessage())\n        .build();\n",
            "    return builder\n        .message(\"invalid input\")\n        .build();\n",
        ),
        (
            Practice::UnsafeInput,
            "a.java",
            "    mapper.activateDefaultTyping(\n        LaissezFaireSubTypeValidator.instance, NON_FINAL);\n",
            "    mapper.activateDefaultTyping(validator, NON_FINAL);\n",
        ),
        (
            Practice::UnsafeInput,
            "a.java",
            "  Page<A> list(@RequestParam String sortBy) {\n    return repo.findAll(PageRequest.of(0, 10, Sort.by(direction, sortBy)));\n  }\n",
            "  Page<A> list(@RequestParam String sortBy) {\n    return repo.findAll(PageRequest.of(0, 10, Sort.by(ALLOWED.get(sortBy))));\n  }\n",
        ),
        (
            Practice::OutboundTimeout,
            "a.java",
            "  RedisConnectionFactory factory() {\n    return new LettuceConnectionFactory(config, builder.build());\n  }\n",
            "  RedisConnectionFactory factory() {\n    builder.commandTimeout(timeout);\n    return new LettuceConnectionFactory(config, builder.build());\n  }\n",
        ),
        (
            Practice::SecretLogged,
            "a.java",
            "    throw new IllegalStateException(\"invalid address: \" + redisUrl, e);\n",
            "    throw new IllegalStateException(\"invalid address of Redis\", e);\n",
        ),
        (
            Practice::BodyLogged,
            "a.java",
            "    log.info(\"sent to {}: {}\", stream, message);\n",
            "    log.info(\"sent to {}: {}\", stream, message.getId());\n",
        ),
        (
            Practice::Encryption,
            "krakend.json",
            "  \"disable_jwk_security\": true,\n",
            "  \"disable_jwk_security\": false,\n",
        ),
        (
            Practice::LocalAddress,
            "krakend.json",
            "  \"host\": [\"http://172.17.0.1:8010\"]\n",
            "  \"host\": [\"http://users:8010\"]\n",
        ),
        (
            Practice::HealthAccess,
            "a.go",
            "\tapp.Get(\"/health\", basicauth.New(config), check)\n",
            "\tapp.Get(\"/health\", check)\n\tapp.Get(\"/metrics\", basicauth.New(config), metrics)\n",
        ),
    ]);
}

#[test]
fn mistakes_of_nest_controllers_are_found_api_3() {
    check(&[
        (
            Practice::MassAssignment,
            "main.ts",
            "app.useGlobalPipes(new ValidationPipe({ transform: true }));\n",
            "app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));\n",
        ),
        (
            Practice::Stub,
            "event.controller.ts",
            "  @Post('event')\n  create(event: CreateEventDto) {\n    return this.service.create(event);\n  }\n",
            "  @Post('event')\n  create(@Body() event: CreateEventDto) {\n    return this.service.create(event);\n  }\n",
        ),
        (
            Practice::UncheckedLookup,
            "a.service.ts",
            "  async a(id: string) {\n    const { hash } = await this.users.findOne({ where: { id } });\n    return hash;\n  }\n",
            "  async a(id: string) {\n    const user = await this.users.findOne({ where: { id } });\n    return user?.hash;\n  }\n",
        ),
        (
            Practice::LocalAddress,
            "main.ts",
            "app.connectMicroservice({\n  transport: Transport.REDIS,\n});\n",
            "app.connectMicroservice({\n  transport: Transport.REDIS,\n  options: { host },\n});\n",
        ),
        (
            Practice::Stub,
            "a.service.ts",
            "  createEvent(event: Dto) {\n\n  }\n",
            "  createEvent(event: Dto) {\n    return this.repo.create(event);\n  }\n",
        ),
        (
            Practice::PersonLogged,
            "a.ts",
            "    this.loggerService.info(`sent to ${data.email}`);\n",
            "    this.loggerService.info(`sent to ${data.id}`);\n",
        ),
        (
            Practice::PasswordLength,
            "create-user.dto.ts",
            "  @IsNotEmpty()\n  @Length(5, 50)\n  password: string;\n",
            "  @IsNotEmpty()\n  @Length(12, 50)\n  password: string;\n",
        ),
        (
            Practice::BodyLogged,
            "a.service.ts",
            "    this.loggerService.info(`sent ${JSON.stringify(event)}`);\n",
            "    this.loggerService.info(`sent ${event.id}`);\n",
        ),
    ]);
}

#[test]
fn conditions_and_comparisons_in_go_are_found_data_4() {
    check(&[
        (
            Practice::SqlText,
            "a.go",
            "func (g *G) list(k string) {\n\tlike := fmt.Sprintf(\"orders.id like %v\", k)\n\tg.db.Where(like).Find(&rows)\n}\n",
            "func (g *G) list(k string) {\n\tlike := fmt.Sprintf(\"%%%v%%\", k)\n\tg.db.Where(\"orders.id like ?\", like).Find(&rows)\n}\n",
        ),
        (
            Practice::SqlText,
            "a.go",
            "func (q *Q) parse(f Filter) string {\n\treturn f.Field + \" LIKE \" + q.value\n}\n",
            "func (q *Q) parse(f Filter) string {\n\treturn allowedFields[f.Name] + \" LIKE ?\"\n}\n",
        ),
        (
            Practice::SharedState,
            "a.go",
            "func (g *G) FindForUpdate(id string) (*Row, error) {\n\tvar row Row\n\treturn &row, g.db.First(&row, id).Error\n}\n",
            "func (g *G) FindForUpdate(id string) (*Row, error) {\n\tvar row Row\n\treturn &row, g.db.Clauses(clause.Locking{Strength: \"UPDATE\"}).First(&row, id).Error\n}\n",
        ),
        (
            Practice::Reconnect,
            "a.go",
            "func NewPublisher(conn *amqp.Connection) *P {\n\tch, err := conn.Channel()\n\tif err != nil {\n\t\treturn nil\n\t}\n\treturn &P{ch}\n}\n",
            "func NewPublisher(conn *amqp.Connection) *P {\n\tch, err := conn.Channel()\n\tif err != nil {\n\t\treturn nil\n\t}\n\tgo watch(ch.NotifyClose(closed))\n\treturn &P{ch}\n}\n",
        ),
        (
            Practice::SecretComparison,
            "a.go",
            "\tif token == \"\" || token != a.cfg.Server.ApiHeaderKey {\n",
            "\tif token == \"\" || subtle.ConstantTimeCompare(a, b) != 1 {\n",
        ),
        (
            Practice::BodyLogged,
            "data.go",
            "\tlogger.Config{LogLevel: logger.Info}\n",
            "\tlogger.Config{LogLevel: logger.Warn}\n",
        ),
        (
            Practice::Sampling,
            "main.go",
            "\ttrace.WithSampler(trace.TraceIDRatioBased(1.0))\n",
            "\ttrace.WithSampler(trace.TraceIDRatioBased(0.1))\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func (m *M) listen() {\n\tch, err := m.conn.Channel()\n\tdefer ch.Close()\n\n\terr = ch.Declare()\n\tif err != nil {\n\t\treturn\n\t}\n}\n",
            "func (m *M) listen() {\n\tch, err := m.conn.Channel()\n\tif err != nil {\n\t\treturn\n\t}\n\tdefer ch.Close()\n\terr = ch.Declare()\n\tif err != nil {\n\t\treturn\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn values_of_the_caller_are_found_auth_5() {
    check(&[
        (
            Practice::MassAssignment,
            "order.go",
            "func (s *S) CreateOrder(ctx context.Context, req *Req) error {\n\titem := Item{Price: req.Price}\n\treturn s.repo.Save(ctx, item)\n}\n",
            "func (s *S) CreateOrder(ctx context.Context, req *Req) error {\n\tproduct := s.products.GetProduct(ctx, req.ID)\n\titem := Item{Price: product.Price}\n\treturn s.repo.Save(ctx, item)\n}\n",
        ),
        (
            Practice::MassAssignment,
            "order_usecase.go",
            "func (s *S) CreateOrder(req Req) error {\n\tfor i, item := range req.Items {\n\t\titems[i] = NewItem(\n\t\t\titem.ID,\n\t\t\titem.Price,\n\t\t)\n\t}\n\treturn nil\n}\n",
            "func (s *S) CreateOrder(req Req) error {\n\tfor i, item := range req.Items {\n\t\titems[i] = NewItem(item.ID, s.prices[item.ID])\n\t}\n\treturn nil\n}\n",
        ),
        (
            Practice::MassAssignment,
            "order.service.ts",
            "  async create(dto: Dto) {\n    return this.repo.store({ amount: dto.amount });\n  }\n",
            "  async create(dto: Dto) {\n    const price = await this.prices.getPrice(dto.id);\n    return this.repo.store({ amount: price });\n  }\n",
        ),
        (
            Practice::MassAssignment,
            "OrderService.java",
            "  void create(Request request) {\n    order.setTotalAmount(request.getTotalAmount());\n  }\n",
            "  void create(Request request) {\n    order.setTotalAmount(total);\n  }\n",
        ),
        (
            Practice::ConditionalLimit,
            "api.guard.ts",
            "    if (process.env.NODE_ENV !== 'production') {\n      return true;\n    }\n",
            "    if (request.path === '/health') {\n      return true;\n    }\n",
        ),
        (
            Practice::AccountEnumeration,
            "a.service.ts",
            "  async validateUser(email: string, password: string) {\n    const user = await this.find(email);\n    if (!user) throw new BadRequestException();\n    const valid = await bcrypt.compare(password, user.hash);\n    if (!valid) throw new UnauthorizedException();\n  }\n",
            "  async validateUser(email: string, password: string) {\n    const user = await this.find(email);\n    const valid = await bcrypt.compare(password, user?.hash ?? HASH);\n    if (!user || !valid) throw new UnauthorizedException();\n  }\n",
        ),
        (
            Practice::RemoteScript,
            "Dockerfile",
            "RUN wget -q https://example.org/tool.tar.gz && tar -xf tool.tar.gz\n",
            "RUN wget -q https://example.org/tool.tar.gz && sha256sum -c tool.sum\n",
        ),
    ]);
}
