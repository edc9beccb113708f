//! Addresses, sessions, requests and responses for review.

use super::check;
use crate::model::facts::Topic;

#[test]
fn addresses_and_secrets_in_the_code_are_found() {
    check(&[
        (
            Topic::LocalAddress,
            "kafka.js",
            "const kafka = new Kafka({ brokers: [\"192.168.56.165:9092\"] });\n",
            "const kafka = new Kafka({ brokers: [process.env.BROKER] });\n",
        ),
        (
            Topic::LocalAddress,
            "main.go",
            "r := repo.NewReader([]string{\"localhost:29092\"}, topic)\n",
            "r := repo.NewReader([]string{cfg.Broker}, topic)\n",
        ),
        (
            Topic::LiteralSetting,
            "a.go",
            "apiUrl := \"https://activate.example.org\"\n",
            "apiUrl := os.Getenv(\"API_URL\")\n",
        ),
        (
            Topic::UncheckedSecret,
            "main.go",
            "var key = common.EnvString(\"JWT_SECRET\", \"please-change\")\n",
            "var key = common.EnvString(\"HTTP_ADDR\", \":3000\")\n",
        ),
        (
            Topic::UnsafeInput,
            "a.go",
            "return fmt.Sprintf(\"postgres://%s:%s@%s/%s\", u, p, h, d)\n",
            "return fmt.Sprintf(\"postgres://%s:%s@%s/%s\", url.QueryEscape(u), url.QueryEscape(p), h, d)\n",
        ),
    ]);
}

#[test]
fn tokens_cookies_and_order_of_middleware_are_found() {
    check(&[
        (
            Topic::TokenLifetime,
            "a.js",
            "jwt.sign(user, key, { expiresIn: options.accessToken.maxAge });\n",
            "jwt.sign(user, key, { expiresIn: '15m' });\n",
        ),
        (
            Topic::BrowserToken,
            "a.js",
            "const options = { httpOnly: true, sameSite: 'none' };\n",
            "const options = { httpOnly: true, sameSite: 'lax' };\n",
        ),
        (
            Topic::Ownership,
            "a.go",
            "func Auth(next http.Handler) {\n\ttoken, err := jwt.Parse(text, key)\n\tnext.ServeHTTP(w, r)\n}\n",
            "func Auth(next http.Handler) {\n\ttoken, err := jwt.Parse(text, key)\n\tctx := context.WithValue(r.Context(), user, token)\n\tnext.ServeHTTP(w, r.WithContext(ctx))\n}\n",
        ),
        (
            Topic::OpenRoute,
            "main.go",
            "\troutes.InitializeRoutes(router, orders)\n\trouter.Use(middleware.Auth())\n",
            "\trouter.Use(middleware.Auth())\n\troutes.InitializeRoutes(router, orders)\n",
        ),
        (
            Topic::SupportedVersion,
            "a.go",
            "import \"github.com/dgrijalva/jwt-go\"\n",
            "import \"github.com/golang-jwt/jwt/v5\"\n",
        ),
        (
            Topic::TokenAlgorithm,
            "a.go",
            "t, err := jwt.Parse(s, func(t *jwt.Token) (any, error) { return key(t.Method) })\nc := jwt.MapClaims{\"iss\": issuer}\n",
            "t, err := jwt.Parse(s, key, jwt.WithValidMethods(m), jwt.WithIssuer(issuer))\nc := jwt.MapClaims{\"iss\": issuer}\n",
        ),
    ]);
}

#[test]
fn text_without_escaping_is_found() {
    check(&[
        (
            Topic::UnsafeInput,
            "mail.js",
            "const html = `<p>${name}</p>`;\n",
            "const html = `<p>${escape(name)}</p>`;\n",
        ),
        (
            Topic::UnsafeInput,
            "a.go",
            "value := []byte(`{\"id\": \"` + id + `\"}`)\n",
            "value, err := json.Marshal(order)\n",
        ),
        (
            Topic::UnsafeInput,
            "mail.go",
            "msg := \"To: \" + to + \"\\r\\n\"\n",
            "msg.SetHeader(\"To\", to)\n",
        ),
        (
            Topic::UnsafeInput,
            "a.js",
            "const event = await axios.get(`${config.EVENT_URL}/${eventId}`);\n",
            "const event = await axios.get(`${config.EVENT_URL}/${encodeURIComponent(eventId)}`);\n",
        ),
    ]);
}

#[test]
fn space_that_is_compared_first_is_found() {
    check(&[
        (
            Topic::SharedState,
            "a.js",
            "class A {\n  async book(event) {\n    if (event.seats <= 0) {\n      throw new Error('full');\n    }\n    return repo.create(event);\n  }\n}\n",
            "class A {\n  async book(event) {\n    return repo.create(event);\n  }\n}\n",
        ),
        (
            Topic::SharedState,
            "a.js",
            "await prisma.event.update({ where: { id }, data: { seats: { decrement: n } } });\n",
            "await prisma.event.updateMany({ where: { id, seats: { gte: n } }, data: { seats: { decrement: n } } });\n",
        ),
        (
            Topic::SharedState,
            "a.go",
            "func f() {\n\tq := \"UPDATE events SET seats = seats - $1 WHERE id = $2\"\n}\n",
            "func f() {\n\tq := \"UPDATE events SET seats = seats - $1 WHERE id = $2 AND seats >= $1\"\n}\n",
        ),
        (
            Topic::LookupBeforeInsert,
            "a.go",
            "\tc, err := r.CheckConflict(ctx, name)\n\tif err := r.Create(ctx, u); err != nil {\n\t}\n",
            "\tif err := r.Create(ctx, u); errors.Is(err, ErrConflict) {\n\t}\n",
        ),
    ]);
}

#[test]
fn requests_and_answers_are_found() {
    check(&[
        (
            Topic::NumberRange,
            "a.js",
            "const { eventId, price } = req.body;\n",
            "const { eventId, price } = schema.parse(req.body);\n",
        ),
        (
            Topic::MassAssignment,
            "a.js",
            "const data = req.body;\nconst event = await service.createEvent(data);\n",
            "const data = schema.parse(req.body);\nconst event = await service.createEvent(data);\n",
        ),
        (
            Topic::ErrorAnswer,
            "a.go",
            "return &pb.Response{Message: \"taken\", Success: false}, nil\n",
            "return nil, status.Error(codes.FailedPrecondition, \"taken\")\n",
        ),
        (
            Topic::DroppedMessage,
            "a.go",
            "func (p *P) Publish() error {\n\tif p.channel == nil {\n\t\treturn nil\n\t}\n}\n",
            "func (p *P) Publish() error {\n\tif p.channel == nil {\n\t\treturn ErrClosed\n\t}\n}\n",
        ),
        (
            Topic::PoolBounds,
            "a.js",
            "const send = async (m) => {\n  await producer.connect();\n  await producer.send(m);\n  await producer.disconnect();\n};\n",
            "const send = async (m) => {\n  await producer.send(m);\n};\n",
        ),
        (
            Topic::PlainPassword,
            "a.go",
            "func (u *User) BeforeSave(tx *gorm.DB) error {\n\th, err := bcrypt.GenerateFromPassword(p, 12)\n}\n",
            "func (u *User) BeforeCreate(tx *gorm.DB) error {\n\th, err := bcrypt.GenerateFromPassword(p, 12)\n}\n",
        ),
        (
            Topic::MoneyType,
            "a.sql",
            "CREATE TABLE a (\n    price REAL\n);\n",
            "CREATE TABLE a (\n    price NUMERIC(12, 2)\n);\n",
        ),
        (
            Topic::MetricLabel,
            "a.go",
            "requests.WithLabelValues(r.Method, r.URL.Path).Inc()\n",
            "requests.WithLabelValues(r.Method, r.Pattern).Inc()\n",
        ),
    ]);
}

#[test]
fn services_of_nest_are_found() {
    check(&[
        (
            Topic::Leak,
            "main.ts",
            "const context = await NestFactory.createApplicationContext(AppModule);\n",
            "const context = await NestFactory.createApplicationContext(AppModule);\nawait context.close();\n",
        ),
        (
            Topic::LostSetting,
            "app.module.ts",
            "imports: [ConfigModule.forRoot({ isGlobal: true })],\n",
            "imports: [ConfigModule.forRoot({ validationSchema: schema })],\n",
        ),
        (
            Topic::OutboundTimeout,
            "s3.ts",
            "private s3 = new S3Client({ region });\n",
            "private s3 = new S3Client({ region, requestHandler: { requestTimeout: 3000 } });\n",
        ),
        (
            Topic::TextLength,
            "main.ts",
            "const app = await NestFactory.createMicroservice(AppModule);\n",
            "const app = await NestFactory.createMicroservice(AppModule);\napp.useGlobalPipes(new ValidationPipe());\n",
        ),
    ]);
}

#[test]
fn calls_of_other_services_are_found() {
    check(&[
        (
            Topic::ErrorAnswer,
            "a.js",
            "apiError.status = error.response.status;\n",
            "apiError.status = 502;\n",
        ),
        (
            Topic::LimiterFailure,
            "auth.js",
            "const guard = secret\n  ? jwt({ secret })\n  : (req, res, next) => next();\n",
            "const guard = jwt({ secret });\n",
        ),
        (
            Topic::LimiterFailure,
            "opa.js",
            "if (config.opa.failOpen) {\n  return true;\n}\n",
            "return false;\n",
        ),
        (
            Topic::HealthResult,
            "health.js",
            "const status = allUp ? 'ok' : 'degraded';\nres.json({ status });\n",
            "const status = allUp ? 'ok' : 'degraded';\nres.status(allUp ? 200 : 503).json({ status });\n",
        ),
        (
            Topic::FileLogging,
            "logger.js",
            "if (config.env !== 'production') {\n  logger.add(new winston.transports.Console());\n}\n",
            "logger.add(new winston.transports.Console());\n",
        ),
        (
            Topic::SilentNull,
            "a.js",
            "try {\n  return await get();\n} catch (error) {\n  logger.error('failed');\n  return null;\n}\n",
            "try {\n  return await get();\n} catch (error) {\n  logger.error('failed');\n  throw error;\n}\n",
        ),
        (
            Topic::ShutdownContext,
            "server.js",
            "process.on('SIGTERM', () => {\n  server.close(() => process.exit(0));\n});\n",
            "process.on('SIGTERM', () => {\n  server.close(() => process.exit(0));\n  setTimeout(() => process.exit(1), 10000);\n});\n",
        ),
        (
            Topic::OpenRoute,
            "users.js",
            "router.use(optionalJwtMiddleware);\n",
            "router.use(jwtMiddleware);\n",
        ),
    ]);
}

#[test]
fn details_of_go_services_are_found() {
    check(&[
        (
            Topic::BackgroundLoop,
            "main.go",
            "worker.Start(context.Background())\n",
            "worker.Start(ctx)\n",
        ),
        (
            Topic::PlainPassword,
            "main.go",
            "func main() {\n\th := BcryptHasher{\n\t\tCost: 5,\n\t}\n}\n",
            "func main() {\n\th := BcryptHasher{\n\t\tCost: 12,\n\t}\n}\n",
        ),
        (
            Topic::PageSize,
            "a.go",
            "func List(w http.ResponseWriter, r *http.Request) {\n\tlimit := ParseQueryInt(r, \"limit\", 10)\n}\n",
            "func List(w http.ResponseWriter, r *http.Request) {\n\tlimit := min(ParseQueryInt(r, \"limit\", 10), 100)\n}\n",
        ),
        (
            Topic::IgnoredError,
            "a.go",
            "\tmsg.Ack()\n",
            "\treturn msg.Ack()\n",
        ),
        (
            Topic::Redelivery,
            "a.go",
            "\tmsg.Nak()\n",
            "\tmsg.NakWithDelay(time.Minute)\n",
        ),
        (
            Topic::AccountEnumeration,
            "a.go",
            "func (a *A) Login(password string) error {\n\tif u.UserStatus != \"active\" {\n\t\treturn ErrInactive\n\t}\n\treturn bcrypt.CompareHashAndPassword(u.Hash, password)\n}\n",
            "func (a *A) Login(password string) error {\n\treturn bcrypt.CompareHashAndPassword(u.Hash, password)\n}\n",
        ),
        (
            Topic::RequestPanic,
            "a.go",
            "func (w *W) Start() {\n\tgo func() {\n\t\tfor {\n\t\t\tw.step()\n\t\t}\n\t}()\n}\n",
            "func (w *W) Start() {\n\tgo func() {\n\t\tfor {\n\t\t\tw.safe(recover())\n\t\t}\n\t}()\n}\n",
        ),
        (
            Topic::TokenLifetime,
            "a.go",
            "\taccToken, err := j.signToken(u, j.AccessTTL)\n\tif err != nil {\n\t}\n\trefToken, err := j.signToken(u, j.RefreshTTL)\n",
            "\taccToken, err := j.signToken(u, \"token_type\", j.AccessTTL)\n\tif err != nil {\n\t}\n\trefToken, err := j.signToken(u, \"token_type\", j.RefreshTTL)\n",
        ),
    ]);
}

#[test]
fn updates_timeouts_and_volumes_of_reviews_are_found() {
    check(&[
        (
            Topic::MassAssignment,
            "a.ts",
            "class A {\n  update(id: string, updates: any) {\n    return this.users.findOneAndUpdate({ _id: id }, updates);\n  }\n}\n",
            "class A {\n  update(id: string, name: string) {\n    return this.users.findOneAndUpdate({ _id: id }, { $set: { name } });\n  }\n}\n",
        ),
        (
            Topic::MassAssignment,
            "a.js",
            "await User.updateOne({ _id: id }, { $set: { ...req.body } });\n",
            "await User.updateOne({ _id: id }, { $set: { name: req.body.name } });\n",
        ),
        (
            Topic::OutboundTimeout,
            "guard.ts",
            "constructor(private users: ClientProxy) {}\n  canActivate() {\n    return this.users\n      .send('authenticate', { token });\n  }\n",
            "constructor(private users: ClientProxy) {}\n  canActivate() {\n    return this.users.emit('seen', { token });\n  }\n",
        ),
        (
            Topic::HostPath,
            "mysql.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      volumes:\n        - name: data\n          persistentVolumeClaim:\n            claimName: data\n",
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  strategy: {type: Recreate}\n  template:\n    spec:\n      volumes:\n        - name: data\n          persistentVolumeClaim:\n            claimName: data\n",
        ),
    ]);
}

#[test]
fn bodies_that_name_their_user_or_price_are_found() {
    check(&[
        (
            Topic::CallerIdentity,
            "dto.ts",
            "export interface CreateInvoiceDto {\n  clientId: string;\n  notes?: string;\n}\n",
            "export interface CreateInvoiceDto {\n  notes?: string;\n}\nexport interface Invoice {\n  clientId: string;\n}\n",
        ),
        (
            Topic::CallerIdentity,
            "dto.go",
            "type OrderCreateRequest struct {\n\tCustomerID string `json:\"customer_id\"`\n}\n",
            "type OrderCreateRequest struct {\n\tItem string `json:\"item\"`\n}\n",
        ),
        (
            Topic::CallerIdentity,
            "schemas.py",
            "class OrderRequestSchema(BaseModel):\n    note: str\n    user_id: int\n",
            "class OrderRequestSchema(BaseModel):\n    note: str\n\n\nclass Order(BaseModel):\n    user_id: int\n",
        ),
        (
            Topic::MassAssignment,
            "dto.ts",
            "export class InvoiceItemDto {\n  quantity: number;\n  unitPrice: number;\n}\n",
            "export class InvoiceItemDto {\n  quantity: number;\n}\n",
        ),
        (
            Topic::LocalAddress,
            "main.py",
            "origins = [\n    \"http://localhost:8000\",\n]\n",
            "origins = [\n    \"http://localhost:8000\",\n    \"https://shop.example\",\n]\n",
        ),
    ]);
}

#[test]
fn values_that_python_computes_or_accepts_wrongly_are_found() {
    check(&[
        (
            Topic::SharedState,
            "models.py",
            "created_at = Column(DateTime, default=datetime.now())\n",
            "created_at = Column(DateTime, default=datetime.now)\n",
        ),
        (
            Topic::MoneyType,
            "models.py",
            "total_amount = Column(Float, nullable=False)\n",
            "total_amount = Column(Numeric(12, 2), nullable=False)\n",
        ),
        (
            Topic::Blocking,
            "routes.py",
            "@router.get(\"/orders\")\nasync def orders(db: Session = Depends(get_db)):\n    return db.query(Order).first()\n",
            "@router.get(\"/orders\")\ndef orders(db: Session = Depends(get_db)):\n    return db.query(Order).first()\n\n@router.get(\"/all\")\nasync def all(db: AsyncSession = Depends(get_db)):\n    return await db.scalar(one)\n",
        ),
        (
            Topic::Leak,
            "handlers.py",
            "async def handle(data):\n    db = SessionLocal()\n    store(db, data)\n    db.close()\n",
            "def get_db():\n    db = SessionLocal()\n    try:\n        yield db\n    finally:\n        db.close()\n",
        ),
        (
            Topic::ErrorAnswer,
            "routes.py",
            "raise HTTPException(\"user_id is missing\")\n",
            "raise HTTPException(400, \"user_id is missing\")\n",
        ),
        (
            Topic::NumberRange,
            "schemas.py",
            "class Product(BaseModel):\n    price: float = Field(...)\n",
            "class Product(BaseModel):\n    price: float = Field(..., ge=0)\n",
        ),
        (
            Topic::TextLength,
            "schemas.py",
            "class OrderRequest(BaseModel):\n    product_ids: List[int]\n",
            "class OrderRequest(BaseModel):\n    product_ids: List[int] = Field(max_length=100)\n",
        ),
    ]);
}

#[test]
fn settings_and_counters_that_fail_quietly_are_found() {
    check(&[
        (
            Topic::IgnoredError,
            "rabbit.go",
            "func declare(ch *amqp.Channel) {\n\t_ = ch.ExchangeDeclare(\"events\", \"topic\")\n}\n",
            "func declare(ch *amqp.Channel) error {\n\treturn ch.ExchangeDeclare(\"events\", \"topic\")\n}\n",
        ),
        (
            Topic::LostSetting,
            "config.go",
            "func number(key string, fallback int) int {\n\tif v := os.Getenv(key); v != \"\" {\n\t\tif n, err := strconv.Atoi(v); err == nil {\n\t\t\treturn n\n\t\t}\n\t}\n\treturn fallback\n}\n",
            "func number(key string, fallback int) (int, error) {\n\tif v := os.Getenv(key); v != \"\" {\n\t\treturn strconv.Atoi(v)\n\t}\n\treturn fallback, nil\n}\n",
        ),
        (
            Topic::UncheckedValue,
            "limiter.go",
            "func (r *Limiter) bucket() int64 {\n\treturn now().Unix() / int64(r.window.Seconds())\n}\n",
            "func (r *Limiter) bucket() int64 {\n\tif r.window < time.Second {\n\t\treturn now().Unix()\n\t}\n\treturn now().Unix() / int64(r.window.Seconds())\n}\n",
        ),
        (
            Topic::Expiry,
            "limiter.go",
            "func (r *Limiter) Allow(ctx context.Context, key string) error {\n\tif _, err := r.client.Incr(ctx, key).Result(); err != nil {\n\t\treturn err\n\t}\n\treturn r.client.Expire(ctx, key, r.window).Err()\n}\n",
            "func (r *Limiter) Allow(ctx context.Context, key string) error {\n\tpipe := r.client.TxPipeline()\n\tpipe.Incr(ctx, key)\n\tpipe.Expire(ctx, key, r.window)\n\treturn nil\n}\n",
        ),
        (
            Topic::Idempotency,
            "consumer.go",
            "func (c *Consumer) handleDelivery(ctx context.Context, d amqp.Delivery) error {\n\tisNew, err := c.store.MarkIfNew(ctx, d.MessageId)\n\tif err != nil || !isNew {\n\t\treturn err\n\t}\n\treturn c.sendMail(ctx, d)\n}\n",
            "func (c *Consumer) handleDelivery(ctx context.Context, d amqp.Delivery) error {\n\tif err := c.sendMail(ctx, d); err != nil {\n\t\treturn err\n\t}\n\treturn c.store.MarkHandled(ctx, d.MessageId)\n}\n",
        ),
        (
            Topic::SampleData,
            "mail.go",
            "if address == \"\" {\n\taddress = \"unknown@example.com\"\n}\n",
            "if address == \"\" {\n\treturn errNoAddress\n}\n",
        ),
        (
            Topic::EnvironmentDefault,
            "main.go",
            "mode := getEnv(\"PROVIDER_MODE\", \"SIMULATED\")\n",
            "mode := getEnv(\"PROVIDER_MODE\", \"smtp\")\n",
        ),
    ]);
}

#[test]
fn messages_and_answers_of_nest_are_found() {
    check(&[
        (
            Topic::ErrorAnswer,
            "cancel.service.ts",
            "throw new Error(`Invoice ${id} not found`);\n",
            "throw new NotFoundException(`Invoice ${id} not found`);\n",
        ),
        (
            Topic::DroppedMessage,
            "consumer.ts",
            "  async handle(msg: Message) {\n    switch (msg.type) {\n      case 'paid':\n        await this.paid(msg);\n        break;\n      default:\n        console.warn('unknown');\n    }\n  }\n",
            "  async handle(msg: Message) {\n    switch (msg.type) {\n      case 'paid':\n        await this.paid(msg);\n        break;\n      default:\n        throw new UnknownMessage(msg.type);\n    }\n  }\n",
        ),
        (
            Topic::UncheckedValue,
            "consumer.ts",
            "  @RabbitSubscribe({\n    queue: 'events',\n  })\n  async handle(msg: any) {\n    await this.pay(msg.id);\n  }\n",
            "  @RabbitSubscribe({\n    queue: 'events',\n  })\n  async handle(msg: PaymentEvent) {\n    await this.pay(msg.id);\n  }\n",
        ),
        (
            Topic::MoneyType,
            "mapper.ts",
            "const price = parseFloat(item.unitPriceAmount);\n",
            "const price = new Decimal(item.unitPriceAmount);\n",
        ),
        (
            Topic::FixedVersion,
            ".gitignore",
            "node_modules\npackage-lock.json\n",
            "node_modules\n",
        ),
    ]);
}

#[test]
fn annotations_and_settings_of_spring_without_effect_are_found() {
    check(&[
        (
            Topic::DeadResilience,
            "OrderService.java",
            "    @CircuitBreaker(name = \"pay\", fallbackMethod = \"failed\")\n    private void pay(Order order) {\n    }\n",
            "    @CircuitBreaker(name = \"pay\", fallbackMethod = \"failed\")\n    public void pay(Order order) {\n    }\n",
        ),
        (
            Topic::SharedState,
            "ProductService.java",
            "    public void reduce(Long id, long quantity) {\n        Product product = getProduct(id);\n        if (product.getQuantity() >= quantity) {\n            product.setQuantity(product.getQuantity() - quantity);\n        }\n    }\n",
            "    public void reduce(Long id, long quantity) {\n        products.reduce(id, quantity);\n    }\n",
        ),
        (
            Topic::ErrorAnswer,
            "ProductService.java",
            "        } catch (Exception e) {\n            throw new CustomException(e.getMessage(), HttpStatus.BAD_REQUEST);\n        }\n",
            "        } catch (DataIntegrityViolationException e) {\n            throw new CustomException(\"taken\", HttpStatus.CONFLICT);\n        }\n",
        ),
        (
            Topic::ErrorAnswer,
            "Decoder.java",
            "class Decoder implements ErrorDecoder {\n  public Exception decode(String key, Response response) {\n    return new CustomException(\"failed\", response.status());\n  }\n}\n",
            "class Decoder implements ErrorDecoder {\n  public Exception decode(String key, Response response) {\n    return new UpstreamException(\"failed\");\n  }\n}\n",
        ),
        (
            Topic::UncheckedValue,
            "PaymentService.java",
            "    public void pay(PaymentRequest paymentRequest) {\n        store(paymentRequest.getMode().name());\n    }\n",
            "    public void pay(PaymentRequest paymentRequest) {\n        store(paymentRequest.getMode());\n    }\n",
        ),
        (
            Topic::MemoryState,
            "WebSocketConfig.java",
            "registry.enableSimpleBroker(\"/user\");\n",
            "registry.enableStompBrokerRelay(\"/user\");\n",
        ),
        (
            Topic::Management,
            "ConfigServer.java",
            "@EnableConfigServer\npublic class ConfigServer {}\n",
            "public class ConfigClient {}\n",
        ),
        (
            Topic::ConnectRetry,
            "application.yaml",
            "spring:\n  config:\n    import: configserver:http://config:8888\n",
            "spring:\n  config:\n    import: optional:configserver:http://config:8888\n",
        ),
        (
            Topic::LocalAddress,
            "Routes.java",
            "routes.route(r -> r.path(\"/product/**\").uri(\"http://localhost:8085\"));\n",
            "routes.route(r -> r.path(\"/product/**\").uri(productUri));\n",
        ),
    ]);
}

#[test]
fn habits_of_express_that_only_a_developer_bears_are_found() {
    check(&[
        (
            Topic::LocalAddress,
            "order.js",
            "axios.post(\n  'http://localhost:5000/api/pay',\n  { order },\n);\n",
            "axios.post(`${config.payment}/api/pay`, { order });\n",
        ),
        (
            Topic::InternalError,
            "handler.js",
            "function handle(error, res) {\n  const errorMessage = error.toString();\n  res.status(500).send(errorMessage);\n}\n",
            "function handle(error, res) {\n  const errorMessage = error.toString();\n  logger.error(errorMessage);\n  res.status(500).send('failed');\n}\n",
        ),
        (
            Topic::FileLogging,
            "logs.ts",
            "const stream = fs.createWriteStream(path.join(folder, `${accessLog}.log`), { flags: 'a' });\n",
            "const stream = fs.createWriteStream(path.join(folder, 'report.pdf'));\n",
        ),
        (
            Topic::UncheckedSecret,
            "env.ts",
            "const JWT = process.env.JWT_SECRET || '';\n",
            "const JWT = required(process.env.JWT_SECRET);\n",
        ),
        (
            Topic::SecretLogged,
            "server.ts",
            "logger(`Connected to database: ${ENV.MONGO.CONNECTION}`);\n",
            "logger(`Connected to database: ${ENV.MONGO.HOST}`);\n",
        ),
        (
            Topic::FloatingPromise,
            "order.ts",
            "setTimeout(async () => {\n  await orders.deliver(id);\n}, delay);\n",
            "setTimeout(async () => {\n  try {\n    await orders.deliver(id);\n  } catch (error) {\n    logger.error(error);\n  }\n}, delay);\n",
        ),
        (
            Topic::MemoryState,
            "order.ts",
            "setTimeout(() => {\n  orders.updateOne({ id }, { status });\n}, delay);\n",
            "setTimeout(() => {\n  spinner.stop();\n}, delay);\n",
        ),
        (
            Topic::IgnoredError,
            "order.ts",
            "function cancel() {\n  return async (req, res) => {\n    await Order.findByIdAndUpdate(req.query.id, { status });\n    res.status(200).send(status);\n  };\n}\n",
            "function cancel() {\n  return async (req, res) => {\n    const order = await Order.findByIdAndUpdate(req.query.id, { status });\n    res.status(order ? 200 : 404).end();\n  };\n}\n",
        ),
        (
            Topic::PlainPassword,
            "auth.ts",
            "const plain = Crypto.AES.decrypt(userPass, secret);\n",
            "const same = await bcrypt.compare(userPass, hash);\n",
        ),
        (
            Topic::SampleData,
            "init.ts",
            "Users.create({ username: 'admin', password: hash });\n",
            "Users.create({ username: settings.admin, password: hash });\n",
        ),
        (
            Topic::TestDependency,
            "pay.ts",
            "import faker from 'faker';\n",
            "import axios from 'axios';\n",
        ),
        (
            Topic::SupportedVersion,
            "package.json",
            "{\n  \"dependencies\": {\n    \"axios\": \"^0.21.1\"\n  }\n}\n",
            "{\n  \"dependencies\": {\n    \"axios\": \"^1.7.9\"\n  }\n}\n",
        ),
    ]);
}
