//! Answers of Nest and Express, settings of frameworks, and keys of messages.

use super::{Practice, check};

#[test]
fn answers_that_hide_missing_records_and_outages_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "a.controller.ts",
            "  async get(request) {\n    const data = await this.queryBus.execute(query)\n\n    return {\n      status: HttpStatus.OK,\n      data,\n    }\n  }\n",
            "  async get(request) {\n    const data = await this.queryBus.execute(query)\n    if (!data) {\n      return { status: HttpStatus.NOT_FOUND }\n    }\n    return { status: HttpStatus.OK, data }\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "a.js",
            "const get = async (req, res) => {\n  const order = await Order.findById(req.params.id);\n  res.json(order);\n};\n",
            "const get = async (req, res) => {\n  const order = await Order.findById(req.params.id);\n  if (!order) return res.sendStatus(404);\n  res.json(order);\n};\n",
        ),
        (
            Practice::IgnoredError,
            "a.service.ts",
            "  async add(input) {\n    try {\n      await this.users.save(input)\n    } catch (error) {\n      return { status: HttpStatus.INTERNAL_SERVER_ERROR }\n    }\n  }\n",
            "  async add(input) {\n    try {\n      await this.users.save(input)\n    } catch (error) {\n      this.logger.error(error)\n      return { status: HttpStatus.INTERNAL_SERVER_ERROR }\n    }\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "auth.guard.ts",
            "  async canActivate(context) {\n    const user = await this.authService.verify(token)\n    return user !== null\n  }\n",
            "  async canActivate(context) {\n    try {\n      const user = await this.authService.verify(token)\n      return user !== null\n    } catch (error) {\n      throw new ServiceUnavailableException()\n    }\n  }\n",
        ),
    ]);
}

#[test]
fn settings_of_frameworks_are_found() {
    check(&[
        (
            Practice::LimiterFailure,
            "app.module.ts",
            "ThrottlerModule.forRoot([{ ttl: 60, limit: 10 }])\n",
            "ThrottlerModule.forRoot([{ ttl: 60000, limit: 10 }])\n",
        ),
        (
            Practice::LogFormat,
            "server.ts",
            "const app = fastify();\n",
            "const app = fastify({ logger: true });\n",
        ),
        (
            Practice::UnsafeInput,
            "celery_conf.py",
            "accept_content = ['json', 'pickle']\n",
            "accept_content = ['json']\n",
        ),
        (
            Practice::PoolBounds,
            "application.yml",
            "spring:\n  jpa:\n    show-sql: false\n",
            "spring:\n  jpa:\n    open-in-view: false\n",
        ),
        (
            Practice::PoolBounds,
            "application.properties",
            "spring.jpa.show-sql=false\n",
            "spring.jpa.show-sql=false\nspring.jpa.open-in-view=false\n",
        ),
        (
            Practice::OutboundTimeout,
            "application.yml",
            "spring:\n  cloud:\n    gateway:\n      routes:\n        - id: orders\n",
            "spring:\n  cloud:\n    gateway:\n      httpclient:\n        response-timeout: 5s\n      routes:\n        - id: orders\n",
        ),
        (
            Practice::OutboundTimeout,
            "kong.yml",
            "services:\n  - name: orders\n    url: http://orders\n",
            "services:\n  - name: orders\n    url: http://orders\n    read_timeout: 5000\n",
        ),
    ]);
}

#[test]
fn messages_without_a_key_are_found_data_3() {
    check(&[
        (
            Practice::SharedState,
            "a.ts",
            "await producer.send({ topic, messages: [{ value: JSON.stringify(event) }] });\n",
            "await producer.send({ topic, messages: [{ key: event.id, value: JSON.stringify(event) }] });\n",
        ),
        (
            Practice::SharedState,
            "a.go",
            "func (p *P) Send(ctx context.Context) error {\n\treturn p.writer.WriteMessages(ctx, kafka.Message{Value: body})\n}\n",
            "func (p *P) Send(ctx context.Context) error {\n\treturn p.writer.WriteMessages(ctx, kafka.Message{Key: id, Value: body})\n}\n",
        ),
        (
            Practice::SharedState,
            "A.java",
            "    void send(Event event) {\n        kafkaTemplate.send(\"orders\", event);\n    }\n",
            "    void send(Event event) {\n        kafkaTemplate.send(\"orders\", event.id(), event);\n    }\n",
        ),
        (
            Practice::SharedState,
            "a.py",
            "producer.send('orders', value=body)\n",
            "producer.send('orders', key=id, value=body)\n",
        ),
    ]);
}

#[test]
fn parameters_and_calls_without_an_annotation_or_a_deadline_are_found() {
    check(&[
        (
            Practice::UnsafeInput,
            "A.java",
            "    @PutMapping\n    public ResponseEntity<User> update(UpdateRequest request) {\n        return null;\n    }\n",
            "    @PutMapping\n    public ResponseEntity<User> update(@RequestBody UpdateRequest request) {\n        return null;\n    }\n",
        ),
        (
            Practice::OutboundTimeout,
            "a.controller.ts",
            "  onModuleInit() {\n    this.queryService = this.client.getService<Orders>('Orders')\n  }\n\n  get(id: string) {\n    return this.queryService.get({ id })\n  }\n",
            "  onModuleInit() {\n    this.queries = this.client.getService<Orders>('Orders')\n  }\n",
        ),
        (
            Practice::DroppedMessage,
            "main.ts",
            "app.connectMicroservice({\n  transport: Transport.KAFKA,\n  options: {\n    consumer: { groupId: 'orders' },\n  },\n});\n",
            "app.connectMicroservice({\n  transport: Transport.GRPC,\n  options: {},\n});\n",
        ),
    ]);
}
