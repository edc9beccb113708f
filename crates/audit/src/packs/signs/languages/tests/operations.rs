//! Logouts, retries, pages, health checks and connections.

use super::check;
use crate::model::facts::Practice;

#[test]
fn calls_that_a_retry_repeats_need_a_key_msg_5() {
    check(&[
        (
            Practice::Idempotency,
            "a.go",
            "func (c *C) Charge(ctx context.Context) error {\n\treturn retry.Do(func() error {\n\t\treturn c.client.Post(ctx, \"/charge\")\n\t})\n}\n",
            "func (c *C) Charge(ctx context.Context) error {\n\treturn retry.Do(func() error {\n\t\treturn c.client.Post(ctx, \"/charge\", withIdempotencyKey(id))\n\t})\n}\n",
        ),
        (
            Practice::Idempotency,
            "a.ts",
            "async function charge() {\n  return withRetry(async () =>\n    api.post('/charge', body),\n  );\n}\n",
            "async function charge() {\n  return withRetry(async () =>\n    api.post('/charge', body, { headers: { 'Idempotency-Key': id } }),\n  );\n}\n",
        ),
        (
            Practice::Idempotency,
            "a.py",
            "@retry(stop=stop_after_attempt(3))\ndef charge(order):\n    return client.post('/charge', json=order)\n",
            "@retry(stop=stop_after_attempt(3))\ndef charge(order):\n    return client.post('/charge', json=order, headers={'Idempotency-Key': order['id']})\n",
        ),
    ]);
}

#[test]
fn loops_that_fail_at_once_again_need_a_delay_res_2() {
    check(&[
        (
            Practice::RetryDelay,
            "a.go",
            "func (c *C) loop() {\n\tfor {\n\t\tmsg, err := c.consumer.ReadMessage(-1)\n\t\tif err != nil {\n\t\t\tlog.Println(err)\n\t\t\tcontinue\n\t\t}\n\t\thandle(msg)\n\t}\n}\n",
            "func (c *C) loop() {\n\tfor {\n\t\tmsg, err := c.consumer.ReadMessage(-1)\n\t\tif err != nil {\n\t\t\tlog.Println(err)\n\t\t\ttime.Sleep(delay)\n\t\t\tcontinue\n\t\t}\n\t\thandle(msg)\n\t}\n}\n",
        ),
        (
            Practice::RetryDelay,
            "a.py",
            "def loop(consumer):\n    while True:\n        try:\n            msg = consumer.poll(1)\n        except Exception as e:\n            print(e)\n            continue\n",
            "def loop(consumer):\n    while True:\n        try:\n            msg = consumer.poll(1)\n        except Exception as e:\n            time.sleep(1)\n            continue\n",
        ),
    ]);
}

#[test]
fn channels_of_each_message_are_found_life_5() {
    check(&[
        (
            Practice::Leak,
            "a.go",
            "func (p *P) Publish(body []byte) error {\n\tch, err := p.conn.Channel()\n\tdefer ch.Close()\n}\n",
            "func NewP(conn *amqp.Connection) (*P, error) {\n\tch, err := conn.Channel()\n}\n",
        ),
        (
            Practice::Leak,
            "a.py",
            "def publish(body):\n    connection = pika.BlockingConnection(parameters)\n",
            "def connect():\n    connection = pika.BlockingConnection(parameters)\n",
        ),
    ]);
}

#[test]
fn pages_need_an_order_res_4() {
    check(&[
        (
            Practice::PageSize,
            "a.go",
            "func list() {\n\tdb.Query(\"SELECT id FROM a LIMIT $1 OFFSET $2\", n, o)\n}\n",
            "func list() {\n\tdb.Query(\"SELECT id FROM a ORDER BY id LIMIT $1 OFFSET $2\", n, o)\n}\n",
        ),
        (
            Practice::PageSize,
            "a.py",
            "def page(q):\n    return q.offset(0).limit(20).all()\n",
            "def page(q):\n    return q.order_by(A.id).offset(0).limit(20).all()\n",
        ),
        (
            Practice::PageSize,
            "a.ts",
            "async function page() {\n  return repo.find({ skip: o, take: 20 });\n}\n",
            "async function page() {\n  return repo.find({ order: { id: 'ASC' }, skip: o, take: 20 });\n}\n",
        ),
    ]);
}

#[test]
fn inverted_and_broad_answers_to_failures_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "a.go",
            "func get() (*A, error) {\n\tif err != redis.Nil {\n\t\treturn nil, ErrNotFound\n\t}\n}\n",
            "func get() (*A, error) {\n\tif err == redis.Nil {\n\t\treturn nil, ErrNotFound\n\t}\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "A.java",
            "class A {\n  void a() {\n    client.get().retrieve().onStatus(HttpStatusCode::is4xxClientError, (q, r) -> { throw new X(HttpStatus.NOT_FOUND); });\n  }\n}\n",
            "class A {\n  void a() {\n    client.get().retrieve().onStatus(s -> s == HttpStatus.NOT_FOUND, (q, r) -> { throw new X(HttpStatus.NOT_FOUND); });\n  }\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.py",
            "def user(id):\n    r = client.get(url)\n    if r.status_code != 200:\n        raise HTTPException(status_code=404)\n",
            "def user(id):\n    r = client.get(url)\n    if r.status_code == 404:\n        raise HTTPException(status_code=404)\n    if r.status_code != 200:\n        raise HTTPException(status_code=502)\n",
        ),
        (
            Practice::ErrorResponse,
            "a.ts",
            "class A {\n  async login(dto: D) {\n    try {\n      const user = await this.users.findOne(dto.email);\n    } catch (error) {\n      console.error(error);\n      return { status: false, message: 'failed' };\n    }\n  }\n}\n",
            "class A {\n  async login(dto: D) {\n    try {\n      const user = await this.users.findOne(dto.email);\n    } catch (error) {\n      console.error(error);\n      throw new ServiceUnavailableException();\n    }\n  }\n}\n",
        ),
    ]);
}

#[test]
fn logouts_without_effect_are_found_auth_3() {
    check(&[
        (
            Practice::Logout,
            "a.ts",
            "class A {\n  async logout(dto: { userId: string }) {\n    this.logger.log(`out: ${dto.userId}`);\n    return { success: true };\n  }\n}\n",
            "class A {\n  async logout(dto: { userId: string }) {\n    await this.tokens.revoke(dto.userId);\n    return { success: true };\n  }\n}\n",
        ),
        (
            Practice::Logout,
            "a.py",
            "def logout(user):\n    return {\"message\": \"ok\"}\n",
            "def logout(user):\n    revoke(user)\n    return {\"message\": \"ok\"}\n",
        ),
        (
            Practice::Logout,
            "A.java",
            "class A {\n  public ResponseEntity<Void> logout(String id) {\n    log.info(\"out\");\n    return ResponseEntity.ok().build();\n  }\n}\n",
            "class A {\n  public ResponseEntity<Void> logout(String id) {\n    tokens.revoke(id);\n    return ResponseEntity.ok().build();\n  }\n}\n",
        ),
    ]);
}

#[test]
fn probes_that_ask_other_services_are_found_hlth_2() {
    check(&[
        (
            Practice::PeerHealth,
            "a.js",
            "router.get('/health', async (req, res) => {\n  await axios.get(url);\n  res.json({});\n});\n",
            "router.get('/health', async (req, res) => {\n  await pool.query('SELECT 1');\n  res.json({});\n});\n",
        ),
        (
            Practice::PeerHealth,
            "a.go",
            "func readiness(w http.ResponseWriter, r *http.Request) {\n\t_, err := http.Get(peer)\n}\n",
            "func readiness(w http.ResponseWriter, r *http.Request) {\n\terr := db.PingContext(r.Context())\n}\n",
        ),
    ]);
}

#[test]
fn images_and_stores_of_manifests_are_found_ship_1() {
    check(&[
        (
            Practice::ImageHygiene,
            "Dockerfile",
            "FROM node:22\nCOPY a a\nRUN cd app\nRUN make\n",
            "FROM node:22\nCOPY a a\nRUN cd app && make\n",
        ),
        (
            Practice::ImageHygiene,
            "Dockerfile",
            "\n",
            "FROM node:22\nCOPY a a\n",
        ),
        (
            Practice::OpenStore,
            "docker-compose.yml",
            "services:\n  a:\n    environment:\n      REDIS_PASSWORD: x\n  redis:\n    image: redis:7\n",
            "services:\n  redis:\n    image: redis:7\n    command: redis-server --requirepass ${REDIS_PASSWORD}\n",
        ),
        (
            Practice::OpenStore,
            "docker-compose.yml",
            "services:\n  nats:\n    image: nats:2.10\n",
            "services:\n  nats:\n    image: nats:2.10\n    command: [\"--user\", \"a\", \"--pass\", \"b\"]\n",
        ),
    ]);
}

#[test]
fn hashes_that_leave_a_service_are_found_auth_2() {
    check(&[
        (
            Practice::ExposedHash,
            "user.service.ts",
            "class A {\n  async byPhone(phone: string) {\n    return await this.users.findOne({\n      where: { phone },\n      select: ['id', 'password'],\n    });\n  }\n}\n",
            "class A {\n  async byPhone(phone: string) {\n    return await this.users.findOne({\n      where: { phone },\n      select: ['id'],\n    });\n  }\n}\n",
        ),
        (
            Practice::BodyLogged,
            "a.go",
            "func a() {\n\tlogger.Log.Infof(\"User credential response: %v\", res)\n}\n",
            "func a() {\n\tlogger.Log.Infof(\"User credential response: %v\", res.Status)\n}\n",
        ),
    ]);
}
