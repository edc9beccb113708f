//! Frameworks of Go for HTTP and gRPC, and consumers of brokers.

use super::{Practice, check};

#[test]
fn frameworks_that_do_not_recover_are_found_life_1() {
    check(&[
        (
            Practice::RequestPanic,
            "server.go",
            "func Start() {\n\ts := &server{app: echo.New()}\n\ts.app.Use(middleware.Logger())\n}\n",
            "func Start() {\n\ts := &server{app: echo.New()}\n\ts.app.Use(middleware.Recover())\n}\n",
        ),
        (
            Practice::RequestPanic,
            "server.go",
            "func Start() {\n\tr := gin.New()\n\tr.Use(gin.Logger())\n}\n",
            "func Start() {\n\tr := gin.New()\n\tr.Use(gin.Logger(), gin.Recovery())\n}\n",
        ),
        (
            Practice::RequestPanic,
            "server.go",
            "func Start() {\n\tapp := fiber.New()\n\tapp.Use(cors.New())\n}\n",
            "func Start() {\n\tapp := fiber.New()\n\tapp.Use(recover.New())\n}\n",
        ),
        (
            Practice::Stub,
            "handler.go",
            "func (g *handler) IsAvailable(ctx context.Context, req *inventoryPb.AvailableReq) (*inventoryPb.AvailableRes, error) {\n\treturn nil, nil\n}\n",
            "func (g *handler) IsAvailable(ctx context.Context, req *inventoryPb.AvailableReq) (*inventoryPb.AvailableRes, error) {\n\treturn nil, status.Error(codes.Unimplemented, \"\")\n}\n",
        ),
    ]);
}

#[test]
fn patterns_of_callers_and_literal_passwords_are_found_api_3() {
    check(&[
        (
            Practice::UnsafeInput,
            "usecase.go",
            "filter = append(filter, bson.E{\"title\", primitive.Regex{Pattern: req.Title, Options: \"i\"}})\n",
            "filter = append(filter, bson.E{\"title\", primitive.Regex{Pattern: regexp.QuoteMeta(req.Title), Options: \"i\"}})\n",
        ),
        (
            Practice::UnsafeInput,
            "items.py",
            "def find(title):\n    return items.find({\"title\": {\"$regex\": title}})\n",
            "def find(title):\n    return items.find({\"title\": {\"$regex\": re.escape(title)}})\n",
        ),
        (
            Practice::CodeCredential,
            "migration.go",
            "hashed, _ := bcrypt.GenerateFromPassword([]byte(\"123456\"), 10)\n",
            "hashed, _ := bcrypt.GenerateFromPassword([]byte(password), 10)\n",
        ),
        (
            Practice::UncheckedSecret,
            "config.go",
            "\treturn Config{\n\t\tSecretKey: os.Getenv(\"JWT_SECRET\"),\n\t}\n",
            "\tif secret == \"\" {\n\t\treturn Config{}, errMissing\n\t}\n\treturn Config{\n\t\tSecretKey: os.Getenv(\"JWT_SECRET\"),\n\t}\n",
        ),
    ]);
}

#[test]
fn consumers_that_lose_messages_are_found_msg_3() {
    check(&[
        (
            Practice::IgnoredError,
            "queue.go",
            "func (h *handler) Run() {\n\tconsumer, err := h.PlayerConsumer(ctx)\n\tif err != nil {\n\t\treturn\n\t}\n}\n",
            "func (h *handler) Run() error {\n\tconsumer, err := h.PlayerConsumer(ctx)\n\tif err != nil {\n\t\treturn err\n\t}\n}\n",
        ),
        (
            Practice::DroppedMessage,
            "queue.go",
            "func (h *handler) Run() {\n\tfor msg := range consumer.Messages() {\n\t\tif err := queue.DecodeMessage(req, msg.Value); err != nil {\n\t\t\tcontinue\n\t\t}\n\t}\n}\n",
            "func (h *handler) Run() {\n\tfor msg := range consumer.Messages() {\n\t\tif err := queue.DecodeMessage(req, msg.Value); err != nil {\n\t\t\th.sendToDeadLetter(msg)\n\t\t\tcontinue\n\t\t}\n\t}\n}\n",
        ),
        (
            Practice::SharedConnection,
            "kafka.go",
            "func Push(message []byte) error {\n\tproducer, err := ConnectProducer(url)\n\tif err != nil {\n\t\treturn err\n\t}\n\tdefer producer.Close()\n\t_, _, err = producer.SendMessage(msg)\n\treturn err\n}\n",
            "func (p *publisher) Push(message []byte) error {\n\t_, _, err := p.producer.SendMessage(msg)\n\treturn err\n}\n",
        ),
    ]);
}

#[test]
fn identities_that_a_body_replaces_are_found_auth_5() {
    check(&[(
        Practice::MassAssignment,
        "handler.go",
        "func (h *handler) Add(c echo.Context) error {\n\treq.PlayerId = c.Get(\"player_id\").(string)\n\n\tif err := wrapper.Bind(req); err != nil {\n\t\treturn err\n\t}\n}\n",
        "func (h *handler) Add(c echo.Context) error {\n\tif err := wrapper.Bind(req); err != nil {\n\t\treturn err\n\t}\n\treq.PlayerId = c.Get(\"player_id\").(string)\n}\n",
    )]);
}
