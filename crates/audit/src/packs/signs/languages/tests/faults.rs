//! Codes, final states, silent returns, brokers and schemas.

use super::check;
use crate::model::facts::Practice;

#[test]
fn predictable_and_repeatable_codes_are_found_auth_2() {
    check(&[
        (
            Practice::WeakRandom,
            "otp.go",
            "func (s *otpService) Generate() string {\n\tnum := 100000 + rand.Intn(800000)\n\totp := strconv.Itoa(num)\n\treturn otp\n}\n",
            "func (s *shuffle) Pick() int {\n\treturn rand.Intn(10)\n}\n",
        ),
        (
            Practice::SecretComparison,
            "otp.go",
            "func Verify(actualOtp, otp string) bool {\n\treturn actualOtp == otp\n}\n",
            "func Verify(actualOtp, otp string) bool {\n\treturn subtle.ConstantTimeCompare([]byte(actualOtp), []byte(otp)) == 1\n}\n",
        ),
        (
            Practice::Logout,
            "otp.ts",
            "async verify(code: string) {\n  const saved = await this.store.get(id);\n  return saved.otp === dto.otpCode;\n}\n",
            "async verify(code: string) {\n  const saved = await this.store.get(id);\n  await this.store.del(id);\n  return saved.otp === dto.otpCode;\n}\n",
        ),
    ]);
}

#[test]
fn final_states_set_without_reading_the_state_are_found_data_3() {
    check(&[
        (
            Practice::SharedState,
            "OrderService.java",
            "    public void cancel(String id) {\n        Order order = orders.findByNumber(id);\n        order.setStatus(OrderStatus.CANCELED);\n    }\n",
            "    public void cancel(String id) {\n        Order order = orders.findByNumber(id);\n        if (!order.canBeCancelled()) { throw new Late(); }\n        order.setStatus(OrderStatus.CANCELED);\n    }\n",
        ),
        (
            Practice::SharedState,
            "order.ts",
            "export const complete = async (id: string) => {\n  return await Order.findByIdAndUpdate(id, { status: 'completed' });\n};\n",
            "export const complete = async (id: string) => {\n  const order = await load(id);\n  if (order.status !== 'paid') return null;\n  return await Order.findByIdAndUpdate(id, { status: 'completed' });\n};\n",
        ),
        (
            Practice::SharedState,
            "order.go",
            "func (s *Service) Ship(id string) error {\n\torder, err := s.repo.FindByID(id)\n\torder.Status = StatusShipped\n\treturn s.save(order)\n}\n",
            "func (s *Service) Ship(id string) error {\n\torder, err := s.repo.FindByID(id)\n\tif order.Status != StatusPaid {\n\t\treturn ErrState\n\t}\n\torder.Status = StatusShipped\n\treturn s.save(order)\n}\n",
        ),
    ]);
}

#[test]
fn functions_that_log_a_missing_record_and_return_are_found_obs_8() {
    check(&[
        (
            Practice::IgnoredError,
            "Handler.java",
            "    void on(Message m) {\n        if (wallet.isEmpty()) {\n            log.error(\"no wallet {}\", m.id());\n            return;\n        }\n        add(wallet);\n    }\n",
            "    void on(Message m) {\n        if (wallet.isEmpty()) {\n            throw new Missing(m.id());\n        }\n        add(wallet);\n    }\n",
        ),
        (
            Practice::IgnoredError,
            "a.ts",
            "async function on(m) {\n  if (!product) {\n    log.error({ message: 'missing' });\n    return;\n  }\n}\n",
            "async function on(m) {\n  if (!product) {\n    return;\n  }\n}\n",
        ),
    ]);
}

#[test]
fn exceptions_and_brokers_of_spring_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "OrderService.java",
            "    Order get(String id) {\n        throw new RuntimeException(\"Order not found\");\n    }\n",
            "    Order get(String id) {\n        throw new ResponseStatusException(HttpStatus.NOT_FOUND, \"Order not found\");\n    }\n",
        ),
        (
            Practice::PublisherConfirm,
            "Broker.java",
            "    public AmqpTemplate template() {\n        RabbitTemplate template = new RabbitTemplate(factory());\n        return template;\n    }\n",
            "    public Template template() {\n        return new Template(factory());\n    }\n",
        ),
        (
            Practice::OpenStore,
            "Broker.java",
            "    public ConnectionFactory factory() {\n        ConnectionFactory factory = new ConnectionFactory();\n        factory.setHost(props.getHost());\n        return factory;\n    }\n",
            "    public ConnectionFactory factory() {\n        ConnectionFactory factory = new ConnectionFactory();\n        factory.setHost(props.getHost());\n        factory.setUsername(props.getUser());\n        return factory;\n    }\n",
        ),
        (
            Practice::UnboundedList,
            "Orders.java",
            "public interface Orders extends JpaRepository<Order, Long> {\n    List<Order> findAllByUserId(String userId);\n}\n",
            "public interface Orders extends JpaRepository<Order, Long> {\n    List<Order> findAllByUserId(String userId, Pageable page);\n}\n",
        ),
    ]);
}

#[test]
fn slow_stops_open_consoles_and_free_amounts_are_found_life_4() {
    check(&[
        (
            Practice::ShutdownContext,
            "main.go",
            "func main() {\n\tctx, cancel := context.WithTimeout(context.Background(), five)\n\tdefer cancel()\n\tsrv.Shutdown(ctx)\n\t<-ctx.Done()\n}\n",
            "func main() {\n\tctx, cancel := context.WithTimeout(context.Background(), five)\n\tdefer cancel()\n\tsrv.Shutdown(ctx)\n}\n",
        ),
        (
            Practice::Management,
            "ingress.yaml",
            "kind: Ingress\nspec:\n  rules:\n    - http:\n        paths:\n          - backend:\n              service:\n                name: broker\n                port:\n                  number: 15672\n",
            "kind: Ingress\nspec:\n  rules:\n    - http:\n        paths:\n          - backend:\n              service:\n                name: web\n                port:\n                  number: 8000\n",
        ),
        (
            Practice::NumberRange,
            "schema.ts",
            "const body = z.object({\n  amount: z.coerce.number(),\n});\n",
            "const body = z.object({\n  amount: z.coerce.number().positive(),\n});\n",
        ),
        (
            Practice::UncheckedSecret,
            "config.go",
            "type Config struct {\n\tPassword string `env:\"SMTP_PASSWORD\" envDefault:\"\"`\n}\n",
            "type Config struct {\n\tPassword string `env:\"SMTP_PASSWORD,required\"`\n}\n",
        ),
    ]);
}

#[test]
fn functions_without_an_effect_are_found_life_4() {
    check(&[
        (
            Practice::Cleanup,
            "a.go",
            "type Service struct {\n\tdb *sql.DB\n}\n\nfunc (s *Service) Close() {\n}\n",
            "type Service struct {\n\tpages map[string]string\n}\n\nfunc (s *Service) Close() {\n}\n",
        ),
        (
            Practice::HealthResult,
            "a.go",
            "func (s *Service) Ping(c context.Context) (err error) {\n\treturn\n}\n",
            "func (s *Service) Ping(c context.Context) (err error) {\n\treturn s.dao.Ping(c)\n}\n",
        ),
        (
            Practice::Stub,
            "a.go",
            "func (s *Service) Count() (n int, err error) {\n\treturn\n\t// return s.dao.Count()\n}\n",
            "func (s *Service) Count() (n int, err error) {\n\treturn s.dao.Count()\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func ping(c *gin.Context) {\n\tif err := svc.Ping(c); err != nil {\n\t\tlog.Error(err)\n\t\tc.AbortWithStatus(503)\n\t}\n\tc.AbortWithStatus(200)\n}\n",
            "func ping(c *gin.Context) {\n\tif err := svc.Ping(c); err != nil {\n\t\tlog.Error(err)\n\t\tc.AbortWithStatus(503)\n\t\treturn\n\t}\n\tc.AbortWithStatus(200)\n}\n",
        ),
    ]);
}

#[test]
fn texts_of_callers_and_open_cookies_are_found_api_3() {
    check(&[
        (
            Practice::SqlText,
            "a.go",
            "func add(v Row) error {\n\tbuf.WriteString(`INSERT INTO a (n) VALUES ('`)\n\tbuf.WriteString(v.Name)\n\treturn db.Exec(buf.String()).Error\n}\n",
            "func add(v Row) error {\n\tbuf.WriteString(v.Name)\n\treturn send(buf.String())\n}\n",
        ),
        (
            Practice::UnsafeInput,
            "a.ts",
            "const pattern = new RegExp(search, 'i');\n",
            "const pattern = new RegExp(escapeRegExp(search), 'i');\n",
        ),
        (
            Practice::Encryption,
            "a.ts",
            "app.use(session({ secret, cookie: { secure: false } }));\n",
            "app.use(session({ secret, cookie: { secure: true } }));\n",
        ),
        (
            Practice::SecretLogged,
            "a.go",
            "func main() {\n\tspew.Dump(conf.Conf)\n}\n",
            "func main() {\n\tspew.Dump(route)\n}\n",
        ),
        (
            Practice::DebugRoute,
            "a.go",
            "func route(e *gin.Engine) {\n\tg := e.Group(\"/test\")\n}\n",
            "func route(e *gin.Engine) {\n\tg := e.Group(\"/orders\")\n}\n",
        ),
    ]);
}

#[test]
fn records_and_settings_of_go_services_are_found_auth_2() {
    check(&[
        (
            Practice::ExposedHash,
            "a.go",
            "func (l *Logic) Info() (*types.InfoResponse, error) {\n\treturn &types.InfoResponse{\n\t\tPassword: res.Password,\n\t}, nil\n}\n",
            "func (l *Logic) Info() (*types.InfoResponse, error) {\n\treturn &types.InfoResponse{\n\t\tName: res.Name,\n\t}, nil\n}\n",
        ),
        (
            Practice::BodyLogged,
            "a.go",
            "func (l *Logic) Register(req *types.Req) error {\n\treturn errors.Wrapf(err, \"req: %+v\", req)\n}\n",
            "func (l *Logic) Register(req *types.Req) error {\n\treturn errors.Wrapf(err, \"name: %s\", req.Name)\n}\n",
        ),
        (
            Practice::Sampling,
            "etc/a.yaml",
            "Telemetry:\n  Sampler: 1.0\n",
            "Telemetry:\n  Sampler: 0.1\n",
        ),
        (
            Practice::QueryPerRow,
            "a.go",
            "func (l *Logic) List() {\n\tmr.MapReduceVoid(source, func(item any) {\n\t\tl.model.FindOne(l.ctx, item.(uint64))\n\t})\n}\n",
            "func (l *Logic) List() {\n\tl.model.FindAll(l.ctx)\n}\n",
        ),
    ]);
}

#[test]
fn replaced_fields_and_hidden_routes_are_found_auth_5() {
    check(&[
        (
            Practice::CallerIdentity,
            "orders.controller.ts",
            "const order = { userId, ...createOrderDto };\n",
            "const order = { ...createOrderDto, userId };\n",
        ),
        (
            Practice::Stub,
            "orders.controller.ts",
            "@Get(':id')\nfindOne() {\n  return 1;\n}\n\n@Get('mine')\nfindMine() {\n  return 2;\n}\n",
            "@Get('mine')\nfindMine() {\n  return 2;\n}\n\n@Get(':id')\nfindOne() {\n  return 1;\n}\n",
        ),
        (
            Practice::RetryDelay,
            "orders.service.ts",
            "return this.client.send('order', id).pipe(retry(3));\n",
            "return this.client.send('order', id).pipe(retry({ count: 3, delay: 200 }));\n",
        ),
    ]);
}
