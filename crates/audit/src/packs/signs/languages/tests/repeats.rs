//! Messages that arrive twice, and headers that are no numbers.

use super::{Practice, check};

#[test]
fn handlers_of_repeated_messages_are_found_msg_5() {
    check(&[
        (
            Practice::Idempotency,
            "A.java",
            "class A {\n    @KafkaListener(topics = \"orders\")\n    public void on(Event event) {\n        notificationService.sendNotification(event);\n    }\n}\n",
            "class A {\n    @KafkaListener(topics = \"orders\")\n    public void on(Event event) {\n        if (processedEvents.contains(event.id())) return;\n        notificationService.sendNotification(event);\n    }\n}\n",
        ),
        (
            Practice::Idempotency,
            "a.controller.ts",
            "  @EventPattern('order_placed')\n  async on(@Payload() data) {\n    await this.notificationService.handleOrderPlaced(data)\n  }\n",
            "  @EventPattern('order_placed')\n  async on(@Payload() data) {\n    if (await this.inbox.has(data.id)) return\n    await this.notificationService.handleOrderPlaced(data)\n  }\n",
        ),
        (
            Practice::Idempotency,
            "a.py",
            "@app.task(acks_late=True)\ndef send(to):\n    mail.send(to)\n",
            "@app.task\ndef send(to):\n    return to\n",
        ),
        (
            Practice::Idempotency,
            "a.go",
            "func (c *C) Run(ctx context.Context) {\n\tfor {\n\t\tmsg, _ := c.reader.FetchMessage(ctx)\n\t\tc.mails.SendWelcome(msg)\n\t}\n}\n",
            "func (c *C) Run(ctx context.Context) {\n\tfor {\n\t\tmsg, _ := c.reader.FetchMessage(ctx)\n\t\tif c.inbox.Known(msg) {\n\t\t\tcontinue\n\t\t}\n\t\tc.mails.SendWelcome(msg)\n\t}\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "routes.py",
            "async def cart(request):\n    user_id = request.headers.get('x-user-id')\n    if not user_id:\n        raise HTTPException(401)\n    return await carts.get(int(user_id))\n",
            "async def cart(request):\n    user_id = request.headers.get('x-user-id')\n    if not user_id or not user_id.isdigit():\n        raise HTTPException(401)\n    return await carts.get(int(user_id))\n",
        ),
        (
            Practice::LocalAddress,
            "main.go",
            "func load() {\n\thttp.Get(\"http://localhost:7001/query\")\n}\n",
            "func load() {\n\thttp.Get(cfg.StockURL + \"/query\")\n}\n",
        ),
        (
            Practice::DebugMode,
            "main.go",
            "func main() {\n\t// gin.SetMode(gin.ReleaseMode)\n\tr := gin.Default()\n}\n",
            "func main() {\n\tr := chi.NewRouter()\n}\n",
        ),
    ]);
}

#[test]
fn values_that_may_be_objects_or_null_are_found() {
    check(&[
        (
            Practice::SqlText,
            "a.ts",
            "const user = await User.findOne({ email: req.body.email });\n",
            "const user = await User.findOne({ email: String(req.body.email) });\n",
        ),
        (
            Practice::UncheckedValue,
            "a.js",
            "app.use('/orders', createProxyMiddleware({ target: process.env.ORDERS, changeOrigin: true }));\n",
            "app.use('/orders', createProxyMiddleware({ target: config.orders, changeOrigin: true }));\n",
        ),
        (
            Practice::UncheckedValue,
            "A.cs",
            "    void Handle(string body)\n    {\n        var order = JsonSerializer.Deserialize<Order>(body);\n        Save(order.Id);\n    }\n",
            "    void Handle(string body)\n    {\n        var order = JsonSerializer.Deserialize<Order>(body) ?? throw new JsonException();\n        Save(order.Id);\n    }\n",
        ),
        (
            Practice::LostSetting,
            "Program.cs",
            "var settings = configuration.GetSection(\"Mail\").Get<MailSettings>();\n",
            "var settings = configuration.GetSection(\"Mail\").Get<MailSettings>() ?? throw new InvalidOperationException();\n",
        ),
        (
            Practice::Encryption,
            "appsettings.json",
            "{\"Db\": \"Server=db;Database=a;User Id=sa;Password=x\"}\n",
            "{\"Db\": \"Server=db;Database=a;User Id=sa;Password=x;Encrypt=true\"}\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "a.py",
            "async def create(self, data):\n    found = await self.db.execute(select(Product).where(Product.name == data.name))\n    if found.scalar_one_or_none():\n        raise HTTPException(400, 'name already exists')\n    self.db.add(Product(name=data.name))\n",
            "async def create(self, data):\n    self.db.add(Product(name=data.name))\n    try:\n        await self.db.flush()\n    except IntegrityError:\n        raise HTTPException(409, 'name already exists')\n",
        ),
    ]);
}
