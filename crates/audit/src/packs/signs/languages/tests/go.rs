//! Services in Go.

use super::check;
use crate::model::facts::Practice;

#[test]
fn details_of_go_services_are_found() {
    check(&[
        (
            Practice::BackgroundLoop,
            "main.go",
            "worker.Start(context.Background())\n",
            "worker.Start(ctx)\n",
        ),
        (
            Practice::PlainPassword,
            "main.go",
            "func main() {\n\th := BcryptHasher{\n\t\tCost: 5,\n\t}\n}\n",
            "func main() {\n\th := BcryptHasher{\n\t\tCost: 12,\n\t}\n}\n",
        ),
        (
            Practice::PageSize,
            "a.go",
            "func List(w http.ResponseWriter, r *http.Request) {\n\tlimit := ParseQueryInt(r, \"limit\", 10)\n}\n",
            "func List(w http.ResponseWriter, r *http.Request) {\n\tlimit := min(ParseQueryInt(r, \"limit\", 10), 100)\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "\tmsg.Ack()\n",
            "\treturn msg.Ack()\n",
        ),
        (
            Practice::Redelivery,
            "a.go",
            "\tmsg.Nak()\n",
            "\tmsg.NakWithDelay(time.Minute)\n",
        ),
        (
            Practice::AccountEnumeration,
            "a.go",
            "func (a *A) Login(password string) error {\n\tif u.UserStatus != \"active\" {\n\t\treturn ErrInactive\n\t}\n\treturn bcrypt.CompareHashAndPassword(u.Hash, password)\n}\n",
            "func (a *A) Login(password string) error {\n\treturn bcrypt.CompareHashAndPassword(u.Hash, password)\n}\n",
        ),
        (
            Practice::RequestPanic,
            "a.go",
            "func (w *W) Start() {\n\tgo func() {\n\t\tfor {\n\t\t\tw.step()\n\t\t}\n\t}()\n}\n",
            "func (w *W) Start() {\n\tgo func() {\n\t\tfor {\n\t\t\tw.safe(recover())\n\t\t}\n\t}()\n}\n",
        ),
        (
            Practice::TokenLifetime,
            "a.go",
            "\taccToken, err := j.signToken(u, j.AccessTTL)\n\tif err != nil {\n\t}\n\trefToken, err := j.signToken(u, j.RefreshTTL)\n",
            "\taccToken, err := j.signToken(u, \"token_type\", j.AccessTTL)\n\tif err != nil {\n\t}\n\trefToken, err := j.signToken(u, \"token_type\", j.RefreshTTL)\n",
        ),
    ]);
}

#[test]
fn settings_and_counters_that_fail_quietly_are_found() {
    check(&[
        (
            Practice::IgnoredError,
            "rabbit.go",
            "func declare(ch *amqp.Channel) {\n\t_ = ch.ExchangeDeclare(\"events\", \"topic\")\n}\n",
            "func declare(ch *amqp.Channel) error {\n\treturn ch.ExchangeDeclare(\"events\", \"topic\")\n}\n",
        ),
        (
            Practice::LostSetting,
            "config.go",
            "func number(key string, fallback int) int {\n\tif v := os.Getenv(key); v != \"\" {\n\t\tif n, err := strconv.Atoi(v); err == nil {\n\t\t\treturn n\n\t\t}\n\t}\n\treturn fallback\n}\n",
            "func number(key string, fallback int) (int, error) {\n\tif v := os.Getenv(key); v != \"\" {\n\t\treturn strconv.Atoi(v)\n\t}\n\treturn fallback, nil\n}\n",
        ),
        (
            Practice::UncheckedValue,
            "limiter.go",
            "func (r *Limiter) bucket() int64 {\n\treturn now().Unix() / int64(r.window.Seconds())\n}\n",
            "func (r *Limiter) bucket() int64 {\n\tif r.window < time.Second {\n\t\treturn now().Unix()\n\t}\n\treturn now().Unix() / int64(r.window.Seconds())\n}\n",
        ),
        (
            Practice::Expiry,
            "limiter.go",
            "func (r *Limiter) Allow(ctx context.Context, key string) error {\n\tif _, err := r.client.Incr(ctx, key).Result(); err != nil {\n\t\treturn err\n\t}\n\treturn r.client.Expire(ctx, key, r.window).Err()\n}\n",
            "func (r *Limiter) Allow(ctx context.Context, key string) error {\n\tpipe := r.client.TxPipeline()\n\tpipe.Incr(ctx, key)\n\tpipe.Expire(ctx, key, r.window)\n\treturn nil\n}\n",
        ),
        (
            Practice::Idempotency,
            "consumer.go",
            "func (c *Consumer) handleDelivery(ctx context.Context, d amqp.Delivery) error {\n\tisNew, err := c.store.MarkIfNew(ctx, d.MessageId)\n\tif err != nil || !isNew {\n\t\treturn err\n\t}\n\treturn c.sendMail(ctx, d)\n}\n",
            "func (c *Consumer) handleDelivery(ctx context.Context, d amqp.Delivery) error {\n\tif err := c.sendMail(ctx, d); err != nil {\n\t\treturn err\n\t}\n\treturn c.store.MarkHandled(ctx, d.MessageId)\n}\n",
        ),
        (
            Practice::SampleData,
            "mail.go",
            "if address == \"\" {\n\taddress = \"unknown@example.com\"\n}\n",
            "if address == \"\" {\n\treturn errNoAddress\n}\n",
        ),
        (
            Practice::EnvironmentDefault,
            "main.go",
            "mode := getEnv(\"PROVIDER_MODE\", \"SIMULATED\")\n",
            "mode := getEnv(\"PROVIDER_MODE\", \"smtp\")\n",
        ),
    ]);
}
