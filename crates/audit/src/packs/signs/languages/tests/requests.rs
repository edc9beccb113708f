//! Addresses, sessions, requests and responses.

use super::check;
use crate::model::facts::Practice;

#[test]
fn addresses_and_secrets_in_the_code_are_found() {
    check(&[
        (
            Practice::LocalAddress,
            "kafka.js",
            "const kafka = new Kafka({ brokers: [\"192.168.56.165:9092\"] });\n",
            "const kafka = new Kafka({ brokers: [process.env.BROKER] });\n",
        ),
        (
            Practice::LocalAddress,
            "main.go",
            "r := repo.NewReader([]string{\"localhost:29092\"}, topic)\n",
            "r := repo.NewReader([]string{cfg.Broker}, topic)\n",
        ),
        (
            Practice::LiteralSetting,
            "a.go",
            "apiUrl := \"https://activate.example.org\"\n",
            "apiUrl := os.Getenv(\"API_URL\")\n",
        ),
        (
            Practice::UncheckedSecret,
            "main.go",
            "var key = common.EnvString(\"JWT_SECRET\", \"please-change\")\n",
            "var key = common.EnvString(\"HTTP_ADDR\", \":3000\")\n",
        ),
        (
            Practice::UnsafeInput,
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
            Practice::TokenLifetime,
            "a.js",
            "jwt.sign(user, key, { expiresIn: options.accessToken.maxAge });\n",
            "jwt.sign(user, key, { expiresIn: '15m' });\n",
        ),
        (
            Practice::BrowserToken,
            "a.js",
            "const options = { httpOnly: true, sameSite: 'none' };\n",
            "const options = { httpOnly: true, sameSite: 'lax' };\n",
        ),
        (
            Practice::Ownership,
            "a.go",
            "func Auth(next http.Handler) {\n\ttoken, err := jwt.Parse(text, key)\n\tnext.ServeHTTP(w, r)\n}\n",
            "func Auth(next http.Handler) {\n\ttoken, err := jwt.Parse(text, key)\n\tctx := context.WithValue(r.Context(), user, token)\n\tnext.ServeHTTP(w, r.WithContext(ctx))\n}\n",
        ),
        (
            Practice::OpenRoute,
            "main.go",
            "\troutes.InitializeRoutes(router, orders)\n\trouter.Use(middleware.Auth())\n",
            "\trouter.Use(middleware.Auth())\n\troutes.InitializeRoutes(router, orders)\n",
        ),
        (
            Practice::SupportedVersion,
            "a.go",
            "import \"github.com/dgrijalva/jwt-go\"\n",
            "import \"github.com/golang-jwt/jwt/v5\"\n",
        ),
        (
            Practice::TokenAlgorithm,
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
            Practice::UnsafeInput,
            "mail.js",
            "const html = `<p>${name}</p>`;\n",
            "const html = `<p>${escape(name)}</p>`;\n",
        ),
        (
            Practice::UnsafeInput,
            "a.go",
            "value := []byte(`{\"id\": \"` + id + `\"}`)\n",
            "value, err := json.Marshal(order)\n",
        ),
        (
            Practice::UnsafeInput,
            "mail.go",
            "msg := \"To: \" + to + \"\\r\\n\"\n",
            "msg.SetHeader(\"To\", to)\n",
        ),
        (
            Practice::UnsafeInput,
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
            Practice::SharedState,
            "a.js",
            "class A {\n  async book(event) {\n    if (event.seats <= 0) {\n      throw new Error('full');\n    }\n    return repo.create(event);\n  }\n}\n",
            "class A {\n  async book(event) {\n    return repo.create(event);\n  }\n}\n",
        ),
        (
            Practice::SharedState,
            "a.js",
            "await prisma.event.update({ where: { id }, data: { seats: { decrement: n } } });\n",
            "await prisma.event.updateMany({ where: { id, seats: { gte: n } }, data: { seats: { decrement: n } } });\n",
        ),
        (
            Practice::SharedState,
            "a.go",
            "func f() {\n\tq := \"UPDATE events SET seats = seats - $1 WHERE id = $2\"\n}\n",
            "func f() {\n\tq := \"UPDATE events SET seats = seats - $1 WHERE id = $2 AND seats >= $1\"\n}\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "a.go",
            "\tc, err := r.CheckConflict(ctx, name)\n\tif err := r.Create(ctx, u); err != nil {\n\t}\n",
            "\tif err := r.Create(ctx, u); errors.Is(err, ErrConflict) {\n\t}\n",
        ),
    ]);
}

#[test]
fn requests_and_responses_are_found() {
    check(&[
        (
            Practice::NumberRange,
            "a.js",
            "const { eventId, price } = req.body;\n",
            "const { eventId, price } = schema.parse(req.body);\n",
        ),
        (
            Practice::MassAssignment,
            "a.js",
            "const data = req.body;\nconst event = await service.createEvent(data);\n",
            "const data = schema.parse(req.body);\nconst event = await service.createEvent(data);\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "return &pb.Response{Message: \"taken\", Success: false}, nil\n",
            "return nil, status.Error(codes.FailedPrecondition, \"taken\")\n",
        ),
        (
            Practice::DroppedMessage,
            "a.go",
            "func (p *P) Publish() error {\n\tif p.channel == nil {\n\t\treturn nil\n\t}\n}\n",
            "func (p *P) Publish() error {\n\tif p.channel == nil {\n\t\treturn ErrClosed\n\t}\n}\n",
        ),
        (
            Practice::PoolBounds,
            "a.js",
            "const send = async (m) => {\n  await producer.connect();\n  await producer.send(m);\n  await producer.disconnect();\n};\n",
            "const send = async (m) => {\n  await producer.send(m);\n};\n",
        ),
        (
            Practice::PlainPassword,
            "a.go",
            "func (u *User) BeforeSave(tx *gorm.DB) error {\n\th, err := bcrypt.GenerateFromPassword(p, 12)\n}\n",
            "func (u *User) BeforeCreate(tx *gorm.DB) error {\n\th, err := bcrypt.GenerateFromPassword(p, 12)\n}\n",
        ),
        (
            Practice::MoneyType,
            "a.sql",
            "CREATE TABLE a (\n    price REAL\n);\n",
            "CREATE TABLE a (\n    price NUMERIC(12, 2)\n);\n",
        ),
        (
            Practice::MetricLabel,
            "a.go",
            "requests.WithLabelValues(r.Method, r.URL.Path).Inc()\n",
            "requests.WithLabelValues(r.Method, r.Pattern).Inc()\n",
        ),
    ]);
}

#[test]
fn bodies_that_name_their_user_or_price_are_found() {
    check(&[
        (
            Practice::CallerIdentity,
            "dto.ts",
            "export interface CreateInvoiceDto {\n  clientId: string;\n  notes?: string;\n}\n",
            "export interface CreateInvoiceDto {\n  notes?: string;\n}\nexport interface Invoice {\n  clientId: string;\n}\n",
        ),
        (
            Practice::CallerIdentity,
            "dto.go",
            "type OrderCreateRequest struct {\n\tCustomerID string `json:\"customer_id\"`\n}\n",
            "type OrderCreateRequest struct {\n\tItem string `json:\"item\"`\n}\n",
        ),
        (
            Practice::CallerIdentity,
            "schemas.py",
            "class OrderRequestSchema(BaseModel):\n    note: str\n    user_id: int\n",
            "class OrderRequestSchema(BaseModel):\n    note: str\n\n\nclass Order(BaseModel):\n    user_id: int\n",
        ),
        (
            Practice::MassAssignment,
            "dto.ts",
            "export class InvoiceItemDto {\n  quantity: number;\n  unitPrice: number;\n}\n",
            "export class InvoiceItemDto {\n  quantity: number;\n}\n",
        ),
        (
            Practice::LocalAddress,
            "main.py",
            "origins = [\n    \"http://localhost:8000\",\n]\n",
            "origins = [\n    \"http://localhost:8000\",\n    \"https://shop.example\",\n]\n",
        ),
    ]);
}
