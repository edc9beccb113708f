//! What services log, acknowledge, trust and send to each other.

use super::{Practice, check};

const FAILED: &str = "\t\tif err != nil {\n\t\t\tlog.Println(err)\n\t\t}\n";

#[test]
fn acknowledgement_of_a_failed_message_is_found_msg_3() {
    let handler = |body: &str| {
        let text = format!(
            "func (h H) Run(s S, c C) error {{\n\tfor msg := range c.Messages() {{\n\t\terr := h.handle(msg)\n{body}\t\ts.MarkMessage(msg, \"\")\n\t}}\n\treturn nil\n}}\n"
        );
        &*text.leak()
    };
    check(&[
        (
            Practice::DroppedMessage,
            "a.go",
            handler(FAILED),
            handler("\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n"),
        ),
        (
            Practice::DroppedMessage,
            "a.ts",
            "  async handle(msg) {\n    try {\n      await this.work(msg)\n    } catch (e) {\n      this.logger.error(e)\n    }\n    this.channel.ack(msg)\n  }\n",
            "  async handle(msg) {\n    try {\n      await this.work(msg)\n      this.channel.ack(msg)\n    } catch (e) {\n      this.logger.error(e)\n      this.channel.nack(msg)\n    }\n  }\n",
        ),
        (
            Practice::DroppedMessage,
            "a.py",
            "def on(ch, method, body):\n    try:\n        work(body)\n    except Exception as e:\n        logger.error(e)\n    ch.basic_ack(method.delivery_tag)\n",
            "def on(ch, method, body):\n    try:\n        work(body)\n    except Exception as e:\n        logger.error(e)\n        ch.basic_nack(method.delivery_tag)\n        return\n    ch.basic_ack(method.delivery_tag)\n",
        ),
        (
            Practice::Reconnect,
            "a.go",
            "func (c *C) Run(ctx context.Context) error {\n\tfor {\n\t\terr := c.group.Consume(ctx, c.topics, c.handler)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n}\n",
            "func (c *C) Run(ctx context.Context) error {\n\tfor {\n\t\terr := c.group.Consume(ctx, c.topics, c.handler)\n\t\tif err != nil {\n\t\t\ttime.Sleep(backoff)\n\t\t}\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn logged_settings_are_found_obs_3() {
    check(&[
        (
            Practice::SecretLogged,
            "main.go",
            "func main() {\n\tlog.Println(\"config: \", config)\n}\n",
            "func main() {\n\tlog.Println(\"port: \", config.Port)\n}\n",
        ),
        (
            Practice::SecretLogged,
            "main.ts",
            "console.log('settings', process.env)\n",
            "console.log('port', process.env.PORT)\n",
        ),
        (
            Practice::SecretLogged,
            "main.py",
            "logger.info(settings)\n",
            "logger.info(settings.port)\n",
        ),
        (
            Practice::SecretLogged,
            "db.go",
            "func open(dbSource string) {\n\tlog.Println(\"source: \", dbSource)\n}\n",
            "func open(dbSource string) {\n\tlog.Println(\"source: \", redact(dbSource))\n}\n",
        ),
    ]);
}

#[test]
fn trusted_headers_and_erased_types_are_found() {
    check(&[
        (
            Practice::CallerIdentity,
            "a.go",
            "func f(md metadata.MD) {\n\tid := md.Get(\"x-consumer-custom-id\")\n}\n",
            "func f(md metadata.MD) {\n\tid := md.Get(\"x-request-id\")\n}\n",
        ),
        (
            Practice::CallerIdentity,
            "a.py",
            "user = request.headers.get('X-User-Id')\n",
            "user = request.headers.get('X-Request-Id')\n",
        ),
        (
            Practice::CallerIdentity,
            "A.java",
            "Order get(@RequestHeader(\"X-User-Id\") String user) {}\n",
            "Order get(@RequestHeader(\"X-Request-Id\") String id) {}\n",
        ),
        (
            Practice::LimiterKey,
            "a.go",
            "func f(md metadata.MD) {\n\tip := md.Get(\"x-forwarded-for\")\n}\n",
            "func f(md metadata.MD) {\n\tip := trustedProxies.last(md.Get(\"x-forwarded-for\"))\n}\n",
        ),
        (
            Practice::QueryToken,
            "kong.yml",
            "      uri_param_names:\n        - jwt\n",
            "      uri_param_names: []\n",
        ),
        (
            Practice::Management,
            "compose.yml",
            "      - KONG_ADMIN_LISTEN=0.0.0.0:8001\n",
            "      - KONG_ADMIN_LISTEN=127.0.0.1:8001\n",
        ),
        (
            Practice::UnsafeInput,
            "a.controller.ts",
            "  create(@Body() body: { email: string }) {}\n",
            "  create(@Body() body: CreateUserDto) {}\n",
        ),
    ]);
}

#[test]
fn transports_without_encryption_or_timeout_are_found() {
    check(&[
        (
            Practice::Encryption,
            "a.go",
            "e := otlptracegrpc.New(ctx, otlptracegrpc.WithInsecure())\n",
            "e := otlptracegrpc.New(ctx, otlptracegrpc.WithTLSCredentials(c))\n",
        ),
        (
            Practice::Encryption,
            "a.py",
            "e = OTLPSpanExporter(endpoint=e, insecure=True)\n",
            "e = OTLPSpanExporter(endpoint=e)\n",
        ),
        (
            Practice::Encryption,
            "a.ts",
            "return { transport: Transport.GRPC, options: { url } }\n",
            "return { transport: Transport.GRPC, options: { url, credentials } }\n",
        ),
        (
            Practice::OutboundTimeout,
            "a.service.ts",
            "  find(id) {\n    return firstValueFrom(this.users.findOne({ id }))\n  }\n",
            "  find(id) {\n    return firstValueFrom(this.users.findOne({ id }).pipe(timeout(2000)))\n  }\n",
        ),
        (
            Practice::OutboundTimeout,
            "a.guard.ts",
            "  canActivate(c) {\n    return this.authService\n      .send('authenticate', c).pipe(map(() => true))\n  }\n",
            "  canActivate(c) {\n    return this.authService\n      .send('authenticate', c).pipe(timeout(500), map(() => true))\n  }\n",
        ),
        (
            Practice::LooseOrigin,
            "a.ts",
            "  return originArray.length ? originArray : '*'\n",
            "  return originArray.length ? originArray : []\n",
        ),
    ]);
}

#[test]
fn ends_and_causes_are_found() {
    check(&[
        (
            Practice::Cleanup,
            "main.go",
            "func main() {\n\tgo func() {\n\t\ts.GracefulStop()\n\t\tclose(done)\n\t}()\n\tselect {\n\tcase <-done:\n\tcase <-ctx.Done():\n\t\tlog.Warn(\"late\")\n\t}\n\tdb.Close()\n}\n",
            "func main() {\n\tgo func() {\n\t\ts.GracefulStop()\n\t\tclose(done)\n\t}()\n\tselect {\n\tcase <-done:\n\tcase <-ctx.Done():\n\t\ts.Stop()\n\t}\n\tdb.Close()\n}\n",
        ),
        (
            Practice::IgnoredError,
            "repository.go",
            "func (r *R) Create(ctx context.Context, u *User) error {\n\tif err := r.db.WithContext(ctx).Create(u).Error; err != nil {\n\t\treturn domain.ErrDatabase\n\t}\n\treturn nil\n}\n",
            "func (r *R) Create(ctx context.Context, u *User) error {\n\tif err := r.db.WithContext(ctx).Create(u).Error; err != nil {\n\t\treturn fmt.Errorf(\"create user: %w\", err)\n\t}\n\treturn nil\n}\n",
        ),
        (
            Practice::HealthResult,
            "a.go",
            "func (h *H) HealthCheck(ctx context.Context, r *pb.Request) (*pb.Response, error) {\n\treturn &pb.Response{Status: \"healthy\"}, nil\n}\n",
            "func (h *H) HealthCheck(ctx context.Context, r *pb.Request) (*pb.Response, error) {\n\tif err := h.db.Ping(); err != nil {\n\t\treturn nil, err\n\t}\n\treturn &pb.Response{Status: \"healthy\"}, nil\n}\n",
        ),
        (
            Practice::MassAssignment,
            "order_usecase.go",
            "func f() {\n\tadd(item.ProductID, item.Price)\n}\n",
            "func f() {\n\tadd(item.ProductID, product.Price)\n}\n",
        ),
    ]);
}

#[test]
fn outages_and_open_transactions_are_found() {
    check(&[
        (
            Practice::ErrorResponse,
            "a.service.ts",
            "  async find(id, res) {\n    try {\n      return await this.users.send('x', id).toPromise()\n    } catch (e) {\n      return res.status(400).send({})\n    }\n  }\n",
            "  async find(id, res) {\n    try {\n      return await this.users.send('x', id).toPromise()\n    } catch (e) {\n      return res.status(503).send({})\n    }\n  }\n",
        ),
        (
            Practice::InternalError,
            "a.service.ts",
            "  async f() {\n    try {\n      await g()\n    } catch (error) {\n      return { status: false, message: error }\n    }\n  }\n",
            "  async f() {\n    try {\n      await g()\n    } catch (error) {\n      return { status: false, message: 'failed' }\n    }\n  }\n",
        ),
        (
            Practice::IgnoredError,
            "a.service.ts",
            "  async f() {\n    try {\n      return this.users.find({})\n    } catch (e) {\n      throw new Error('x')\n    }\n  }\n",
            "  async f() {\n    try {\n      return await this.users.find({})\n    } catch (e) {\n      throw new Error('x')\n    }\n  }\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func f() {\n\tfor cursor.Next(ctx) {\n\t\tif err := cursor.Decode(&row); err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t}\n\treturn all, nil\n}\n",
            "func f() {\n\tfor cursor.Next(ctx) {\n\t\tif err := cursor.Decode(&row); err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t}\n\treturn all, cursor.Err()\n}\n",
        ),
        (
            Practice::UncheckedValue,
            "a.go",
            "func f() {\n\tdata, _ := pem.Decode(buffer)\n\tuse(data.Bytes)\n}\n",
            "func f() {\n\tdata, _ := pem.Decode(buffer)\n\tif data == nil {\n\t\treturn\n\t}\n\tuse(data.Bytes)\n}\n",
        ),
        (
            Practice::Leak,
            "a.service.ts",
            "  async f(id) {\n    await q.startTransaction()\n    const user = await q.manager.findOne(id)\n    if (!user) {\n      return null\n    }\n    await q.commitTransaction()\n  }\n",
            "  async f(id) {\n    await q.startTransaction()\n    const user = await q.manager.findOne(id)\n    if (!user) {\n      throw new NotFoundException()\n    }\n    await q.commitTransaction()\n  }\n",
        ),
        (
            Practice::PartialWrite,
            "a.service.ts",
            "  async f(id) {\n    await q.startTransaction()\n    const user = await this.usersRepository.findOneBy({ id })\n    await q.commitTransaction()\n  }\n",
            "  async f(id) {\n    await q.startTransaction()\n    const user = await q.manager.findOneBy(User, { id })\n    await q.commitTransaction()\n  }\n",
        ),
    ]);
}

#[test]
fn literal_addresses_and_missing_checks_are_found() {
    check(&[
        (
            Practice::LiteralSetting,
            "a.go",
            "c := NewUsers(\"http://authentication-service:8080\")\n",
            "c := NewUsers(os.Getenv(\"USERS_URL\"))\n",
        ),
        (
            Practice::LiteralSetting,
            "a.module.ts",
            "MongooseModule.forRoot(`mongodb://${process.env.USER}@customer-mongo-db:27017/a`)\n",
            "MongooseModule.forRoot(process.env.MONGO_URL)\n",
        ),
        (
            Practice::LocalAddress,
            "a.go",
            "m := fmt.Sprintf(\"visit localhost:8080/users/confirm/%s\", token)\n",
            "m := fmt.Sprintf(\"visit %s/users/confirm/%s\", base, token)\n",
        ),
        (
            Practice::UnsafeInput,
            "a.go",
            "func f(w W, r *http.Request) {\n\tid := r.PathValue(\"id\")\n\turl := fmt.Sprintf(\"%s/log/%s\", base, id)\n\thttp.NewRequest(\"GET\", url, nil)\n}\n",
            "func f(w W, r *http.Request) {\n\tid := url.PathEscape(r.PathValue(\"id\"))\n\taddress := fmt.Sprintf(\"%s/log/%s\", base, id)\n\thttp.NewRequest(\"GET\", address, nil)\n}\n",
        ),
        (
            Practice::Encryption,
            "compose.yaml",
            "      DB: \"host=db sslmode=disable\"\n",
            "      DB: \"host=db sslmode=verify-full\"\n",
        ),
        (
            Practice::UnsafeInput,
            "main.ts",
            "async function bootstrap() {\n  const app = await NestFactory.createMicroservice(AppModule)\n  await app.listen()\n}\n",
            "async function bootstrap() {\n  const app = await NestFactory.createMicroservice(AppModule)\n  app.useGlobalPipes(new Pipe({}))\n  await app.listen()\n}\n",
        ),
        (
            Practice::MassAssignment,
            "main.ts",
            "import { ValidationPipe } from '@nestjs/common'\napp.useGlobalPipes(new ValidationPipe())\n",
            "import { ValidationPipe } from '@nestjs/common'\napp.useGlobalPipes(new ValidationPipe({ whitelist: true }))\n",
        ),
        (
            Practice::SecretComparison,
            "a.go",
            "func f() bool {\n\treturn verificationToken != user.VerificationToken\n}\n",
            "func f() bool {\n\treturn subtle.ConstantTimeCompare(a, b) == 1\n}\n",
        ),
        (
            Practice::Reconnect,
            "a.go",
            "func f() {\n\tmessages, err := ch.Consume(q, \"\", true, false, false, false, nil)\n\tfor data := range messages {\n\t\tgo handle(data)\n\t}\n}\n",
            "func f() {\n\tmessages, err := ch.Consume(q, \"\", true, false, false, false, nil)\n\tclosed := conn.NotifyClose(c)\n\tfor data := range messages {\n\t\tgo handle(data)\n\t}\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (r *R) All() {\n\trows, err := r.db.Query(query)\n}\n",
            "func (r *R) All(ctx context.Context) {\n\trows, err := r.db.QueryContext(ctx, query)\n}\n",
        ),
        (
            Practice::ExposedHash,
            "user.go",
            "type User struct {\n\tID string `json:\"id\"`\n\tVerificationToken string `json:\"token\"`\n}\n",
            "type User struct {\n\tID string `json:\"id\"`\n\tVerificationToken string `json:\"-\"`\n}\n",
        ),
    ]);
}

#[test]
fn ends_stubs_and_redeliveries_of_go_are_found() {
    check(&[
        (
            Practice::Cleanup,
            "main.go",
            "func main() {\n\tsignal.Notify(quit, syscall.SIGTERM)\n\t<-quit\n\tlog.Println(\"bye\")\n}\n",
            "func main() {\n\tsignal.Notify(quit, syscall.SIGTERM)\n\t<-quit\n\tsrv.Shutdown(deadline)\n}\n",
        ),
        (
            Practice::Cleanup,
            "server.go",
            "func stop() {\n\t<-done\n\tserver.GracefulStop()\n}\n",
            "func stop() {\n\t<-done\n\ttime.AfterFunc(limit, server.Stop)\n\tserver.GracefulStop()\n}\n",
        ),
        (
            Practice::Cleanup,
            "client.go",
            "func dial(a string) (*C, error) {\n\tconn, err := grpc.NewClient(a, opts)\n\treturn wrap(conn), err\n}\n",
            "func dial(a string) (*C, error) {\n\tconn, err := grpc.NewClient(a, opts)\n\tonStop(func() { conn.Close() })\n\treturn wrap(conn), err\n}\n",
        ),
        (
            Practice::Redelivery,
            "a.go",
            "func reject(d amqp.Delivery) {\n\td.Nack(false, true)\n}\n",
            "func reject(d amqp.Delivery) {\n\td.Nack(false, false)\n}\n",
        ),
        (
            Practice::Stub,
            "service.go",
            "func (s *Service) Login(req Request) (Response, error) {\n\treturn Response{}, ErrInvalid\n}\n",
            "func (s *Service) Login(req Request) (Response, error) {\n\treturn s.check(req)\n}\n",
        ),
        (
            Practice::SecretComparison,
            "a.go",
            "func f() bool {\n\treturn tokens[0] != serviceToken\n}\n",
            "func f() bool {\n\treturn subtle.ConstantTimeCompare([]byte(tokens[0]), want) == 1\n}\n",
        ),
        (
            Practice::OutboundTimeout,
            "a.go",
            "func (u *U) Create(ctx context.Context) {\n\tu.c.CreateUser(ctx, &pb.CreateUserRequest{Email: e})\n}\n",
            "func (u *U) Create(ctx context.Context) {\n\tctx, cancel := context.WithTimeout(ctx, limit)\n\tdefer cancel()\n\tu.c.CreateUser(ctx, &pb.CreateUserRequest{Email: e})\n}\n",
        ),
    ]);
}
