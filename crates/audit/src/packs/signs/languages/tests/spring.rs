//! Services with Spring, and abilities that Go and TypeScript share with them.

use super::{Practice, check};

#[test]
fn missing_values_of_responses_are_found_life_1() {
    check(&[
        (
            Practice::UncheckedValue,
            "PayClient.java",
            "class PayClient {\n    String pay() {\n        ResponseEntity<Pay> response = rest.postForEntity(url, body, Pay.class);\n        return response.getBody().getId();\n    }\n}\n",
            "class PayClient {\n    String pay() {\n        ResponseEntity<Pay> response = rest.postForEntity(url, body, Pay.class);\n        if (response.getBody() == null) { throw new PayException(); }\n        return response.getBody().getId();\n    }\n}\n",
        ),
        (
            Practice::UncheckedValue,
            "PayClient.java",
            "class PayClient {\n    String state(String text) {\n        JsonNode node = mapper.readTree(text);\n        return node.get(\"state\").asText();\n    }\n}\n",
            "class PayClient {\n    String state(String text) {\n        JsonNode node = mapper.readTree(text);\n        return node.path(\"state\").asText();\n    }\n}\n",
        ),
    ]);
}

#[test]
fn health_that_ignores_its_checks_is_found_hlth_2() {
    check(&[
        (
            Practice::HealthResult,
            "HealthController.java",
            "class HealthController {\n    @GetMapping(\"/health\")\n    public ResponseEntity<Map<String, Object>> health() {\n        try (Connection c = source.getConnection()) {\n            body.put(\"db\", \"UP\");\n        } catch (SQLException e) {\n            body.put(\"db\", \"DOWN\");\n        }\n        return ResponseEntity.ok(body);\n    }\n}\n",
            "class HealthController {\n    @GetMapping(\"/health\")\n    public ResponseEntity<Map<String, Object>> health() {\n        try (Connection c = source.getConnection()) {\n            body.put(\"db\", \"UP\");\n        } catch (SQLException e) {\n            return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body(\"DOWN\");\n        }\n        return ResponseEntity.ok(body);\n    }\n}\n",
        ),
        (
            Practice::HealthResult,
            "StateController.java",
            "class StateController {\n    @GetMapping(\"/ready\")\n    public String ready() {\n        return \"OK\";\n    }\n}\n",
            "class StateController {\n    @GetMapping(\"/ready\")\n    public String ready() {\n        source.getConnection().close();\n        return \"OK\";\n    }\n}\n",
        ),
        (
            Practice::InternalError,
            "HealthController.java",
            "class HealthController {\n    void a() {\n        body.put(\"db\", \"DOWN: \" + e.getMessage());\n    }\n}\n",
            "class HealthController {\n    void a() {\n        body.put(\"db\", \"DOWN\");\n    }\n}\n",
        ),
    ]);
}

#[test]
fn settings_for_development_are_found_conf_3() {
    check(&[
        (
            Practice::EnvironmentDefault,
            "src/main/resources/application.yml",
            "spring:\n  profiles:\n    active: dev\n",
            "spring:\n  profiles:\n    active: ${PROFILE}\n",
        ),
        (
            Practice::DebugRoute,
            "src/main/resources/application.properties",
            "spring.h2.console.enabled=true\n",
            "spring.h2.console.enabled=false\n",
        ),
        (
            Practice::UploadSize,
            "src/main/resources/application.yml",
            "spring:\n  servlet:\n    multipart:\n      max-file-size: 500MB\n",
            "spring:\n  servlet:\n    multipart:\n      max-file-size: 10MB\n",
        ),
        (
            Practice::QueryPerRow,
            "Order.java",
            "class Order {\n    @OneToMany(mappedBy = \"order\", fetch = FetchType.EAGER)\n    private List<Item> items;\n}\n",
            "class Order {\n    @OneToMany(mappedBy = \"order\", fetch = FetchType.LAZY)\n    private List<Item> items;\n}\n",
        ),
    ]);
}

#[test]
fn roles_states_and_discounts_of_callers_are_found_auth_5() {
    check(&[
        (
            Practice::MassAssignment,
            "AuthService.java",
            "class AuthService {\n    User register(RegisterRequest request) {\n        user.setRole(request.getRole());\n        return users.save(user);\n    }\n}\n",
            "class AuthService {\n    User register(RegisterRequest request) {\n        user.setRole(Role.USER);\n        return users.save(user);\n    }\n}\n",
        ),
        (
            Practice::MassAssignment,
            "OrderManager.java",
            "class OrderManager {\n    Order changeStatus(Long id, OrderStatus status) {\n        order.setStatus(status);\n        return orders.save(order);\n    }\n}\n",
            "class OrderManager {\n    Order changeStatus(Long id, OrderStatus status) {\n        if (!order.getStatus().isAllowed(status)) { throw new ConflictException(); }\n        order.setStatus(status);\n        return orders.save(order);\n    }\n}\n",
        ),
        (
            Practice::MassAssignment,
            "orders.service.ts",
            "class Orders {\n  async update(id: string, dto: UpdateOrderDto) {\n    order.status = dto.status;\n    return this.orders.save(order);\n  }\n}\n",
            "class Orders {\n  async update(id: string, dto: UpdateOrderDto) {\n    if (!transitions[order.status].includes(dto.status)) throw new ConflictException();\n    order.status = dto.status;\n    return this.orders.save(order);\n  }\n}\n",
        ),
        (
            Practice::MassAssignment,
            "Orders.java",
            "class Orders {\n    Order create(OrderRequest request) {\n        BigDecimal discount = request.getDiscount();\n        return orders.save(order);\n    }\n}\n",
            "class Orders {\n    Order create(OrderRequest request) {\n        BigDecimal discount = coupons.discount(request.getCoupon());\n        return orders.save(order);\n    }\n}\n",
        ),
    ]);
}

#[test]
fn schedules_without_a_bound_are_found_work_1() {
    check(&[
        (
            Practice::UnboundedList,
            "Jobs.java",
            "class Jobs {\n    @Scheduled(fixedRate = 60000)\n    public void expire() {\n        List<Order> due = orderRepository.findByStatus(PENDING);\n    }\n}\n",
            "class Jobs {\n    @Scheduled(fixedRate = 60000)\n    public void expire() {\n        List<Order> due = orderRepository.findTop100ByStatus(PENDING);\n    }\n}\n",
        ),
        (
            Practice::OwnedTask,
            "Jobs.java",
            "class Jobs {\n    @Scheduled(fixedRate = 60000)\n    public void expire() {\n        for (Order order : due) {\n            close(order);\n        }\n    }\n}\n",
            "class Jobs {\n    @Scheduled(fixedRate = 60000)\n    public void expire() {\n        for (Order order : due) {\n            try {\n                close(order);\n            } catch (RuntimeException e) {\n                log.warn(\"kept\", e);\n            }\n        }\n    }\n}\n",
        ),
    ]);
}

#[test]
fn responses_that_hide_their_cause_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "Handler.java",
            "class Handler {\n    Response a() {\n        try {\n            run();\n        } catch (Exception e) {\n            if (e.getMessage().contains(\"not found\")) { return missing(); }\n        }\n    }\n}\n",
            "class Handler {\n    Response a() {\n        try {\n            run();\n        } catch (NotFoundException e) {\n            return missing();\n        }\n    }\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func a() {\n\tif strings.Contains(err.Error(), \"not found\") {\n\t\treturn\n\t}\n}\n",
            "func a() {\n\tif errors.Is(err, ErrNotFound) {\n\t\treturn\n\t}\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.ts",
            "function a() {\n  if (error.message.includes('duplicate')) {\n    return 409;\n  }\n}\n",
            "function a() {\n  if (error.code === '23505') {\n    return 409;\n  }\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "Advice.java",
            "class Advice {\n    @ExceptionHandler(RuntimeException.class)\n    public ResponseEntity<Problem> any(RuntimeException ex) {\n        return ResponseEntity.status(HttpStatus.BAD_REQUEST).body(problem);\n    }\n}\n",
            "class Advice {\n    @ExceptionHandler(RuntimeException.class)\n    public ResponseEntity<Problem> any(RuntimeException ex) {\n        return ResponseEntity.status(HttpStatus.INTERNAL_SERVER_ERROR).body(problem);\n    }\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "Stock.java",
            "class Stock {\n    void reserve() {\n        try {\n            client.reserve(id);\n        } catch (FeignException e) {\n            throw new InsufficientStockException(id);\n        }\n    }\n}\n",
            "class Stock {\n    void reserve() {\n        try {\n            client.reserve(id);\n        } catch (FeignException.Conflict e) {\n            throw new InsufficientStockException(id);\n        }\n    }\n}\n",
        ),
    ]);
}

#[test]
fn output_that_delays_the_time_limit_is_found_res_7() {
    check(&[(
        Practice::Blocking,
        "Slicer.java",
        "class Slicer {\n    void run() {\n        Process process = builder.start();\n        String output = readOutput(process);\n        boolean ended = process.waitFor(5, TimeUnit.MINUTES);\n    }\n}\n",
        "class Slicer {\n    void run() {\n        Process process = builder.redirectOutput(file).start();\n        boolean ended = process.waitFor(5, TimeUnit.MINUTES);\n        String output = read(file);\n    }\n}\n",
    )]);
}

#[test]
fn repeats_without_delay_or_key_are_found_res_2() {
    check(&[
        (
            Practice::RetryDelay,
            "Pay.java",
            "class Pay {\n    void retry() {\n        for (int i = 0; i < 5; i++) {\n            try {\n                charge();\n                return;\n            } catch (Exception e) {\n                log.warn(\"failed\", e);\n            }\n        }\n    }\n}\n",
            "class Pay {\n    void retry() {\n        for (int i = 0; i < 5; i++) {\n            try {\n                charge();\n                return;\n            } catch (Exception e) {\n                Thread.sleep(backoff(i));\n            }\n        }\n    }\n}\n",
        ),
        (
            Practice::Idempotency,
            "Pay.java",
            "class Pay {\n    void pay() {\n        headers.set(\"Idempotency-Key\", UUID.randomUUID().toString());\n    }\n}\n",
            "class Pay {\n    void pay() {\n        headers.set(\"Idempotency-Key\", order.getPaymentKey());\n    }\n}\n",
        ),
        (
            Practice::Idempotency,
            "pay.ts",
            "const options = { idempotencyKey: randomUUID() };\n",
            "const options = { idempotencyKey: `order-${order.id}` };\n",
        ),
    ]);
}

#[test]
fn refresh_tokens_that_no_code_revokes_are_found_auth_3() {
    check(&[
        (
            Practice::Logout,
            "auth.service.ts",
            "class Auth {\n  async refreshToken(dto: { token: string }) {\n    const payload = this.jwt.verify(dto.token);\n    const user = await this.users.findById(payload.sub);\n    return this._generateTokens(user);\n  }\n}\n",
            "class Auth {\n  async refreshToken(dto: { token: string }) {\n    const payload = this.jwt.verify(dto.token);\n    await this.tokens.revoke(dto.token);\n    return this._generateTokens(payload.sub);\n  }\n}\n",
        ),
        (
            Practice::Logout,
            "AuthService.java",
            "class AuthService {\n    public String refresh(String token) {\n        String email = Jwts.parser().parseClaimsJws(token).getBody().getSubject();\n        return jwt.generateToken(email);\n    }\n}\n",
            "class AuthService {\n    public String refresh(String token) {\n        String email = Jwts.parser().parseClaimsJws(token).getBody().getSubject();\n        refreshTokenRepository.deleteByToken(token);\n        return jwt.generateToken(email);\n    }\n}\n",
        ),
    ]);
}

#[test]
fn name_of_an_upload_in_a_path_is_found_file_1() {
    check(&[
        (
            Practice::ClientPath,
            "Files.java",
            "class Files {\n    void save(MultipartFile file) {\n        String name = file.getOriginalFilename();\n        Path target = folder.resolve(name);\n    }\n}\n",
            "class Files {\n    void save(MultipartFile file) {\n        String name = file.getOriginalFilename();\n        Path target = folder.resolve(UUID.randomUUID().toString());\n    }\n}\n",
        ),
        (
            Practice::UploadType,
            "Files.java",
            "class Files {\n    Type type(MultipartFile file) {\n        String name = file.getOriginalFilename();\n        return Type.fromFilename(name);\n    }\n}\n",
            "class Files {\n    Type type(MultipartFile file) {\n        return detector.typeOf(file.getInputStream());\n    }\n}\n",
        ),
    ]);
}

#[test]
fn listener_whose_failure_is_only_logged_is_found_life_2() {
    check(&[(
        Practice::SilentNull,
        "main.go",
        "func main() {\n\tgo func() {\n\t\tif err := app.Listen(port); err != nil {\n\t\t\tfmt.Printf(\"%s\", err)\n\t\t}\n\t}()\n}\n",
        "func main() {\n\tgo func() {\n\t\tif err := app.Listen(port); err != nil {\n\t\t\tlog.Fatal(err)\n\t\t}\n\t}()\n}\n",
    )]);
}

#[test]
fn call_without_a_deadline_is_found_beside_a_shutdown_res_3() {
    check(&[(
        Practice::OutboundTimeout,
        "user_client.go",
        "func (u impl) Get(ctx context.Context, in *Request) error {\n\treturn u.cc.Invoke(ctx, \"/User/Get\", in, out)\n}\n",
        "func (u impl) Get(ctx context.Context, in *Request) error {\n\tctx, cancel := context.WithTimeout(ctx, limit)\n\tdefer cancel()\n\treturn u.cc.Invoke(ctx, \"/User/Get\", in, out)\n}\n",
    )]);
}

#[test]
fn record_that_a_mapper_changes_as_a_whole_is_found_data_3() {
    check(&[(
        Practice::SharedState,
        "ProductService.java",
        "class ProductService {\n    public Product update(Long id, Request request) {\n        Product existing = productRepository.findById(id).orElseThrow();\n        ProductMapper.updateEntity(request, existing);\n        return productRepository.save(existing);\n    }\n}\n",
        "class ProductService {\n    public Product update(Long id, Request request) {\n        Product existing = productRepository.findById(id).orElseThrow();\n        return ProductMapper.toDto(existing);\n    }\n}\n",
    )]);
}

#[test]
fn limits_of_nest_without_effect_are_found_res_6() {
    check(&[
        (
            Practice::LimiterFailure,
            "app.module.ts",
            "@Module({ imports: [ThrottlerModule.forRoot([{ ttl: 60, limit: 10 }])] })\nexport class AppModule {}\n",
            "@Module({ imports: [ThrottlerModule.forRoot([{ ttl: 60000, limit: 10 }])] })\nexport class AppModule {}\n",
        ),
        (
            Practice::OpenRoute,
            "users.controller.ts",
            "@Controller('users')\nexport class UsersController {\n  @Roles('admin')\n  @Get()\n  list() {}\n}\n",
            "@Controller('users')\n@UseGuards(RolesGuard)\nexport class UsersController {\n  @Roles('admin')\n  @Get()\n  list() {}\n}\n",
        ),
        (
            Practice::OutboundTimeout,
            "redis.ts",
            "export const redis = new Redis(url);\n",
            "export const redis = new Redis(url, { commandTimeout: 2000 });\n",
        ),
    ]);
}

#[test]
fn annotations_and_settings_of_spring_without_effect_are_found() {
    check(&[
        (
            Practice::DeadResilience,
            "OrderService.java",
            "    @CircuitBreaker(name = \"pay\", fallbackMethod = \"failed\")\n    private void pay(Order order) {\n    }\n",
            "    @CircuitBreaker(name = \"pay\", fallbackMethod = \"failed\")\n    public void pay(Order order) {\n    }\n",
        ),
        (
            Practice::SharedState,
            "ProductService.java",
            "    public void reduce(Long id, long quantity) {\n        Product product = getProduct(id);\n        if (product.getQuantity() >= quantity) {\n            product.setQuantity(product.getQuantity() - quantity);\n        }\n    }\n",
            "    public void reduce(Long id, long quantity) {\n        products.reduce(id, quantity);\n    }\n",
        ),
        (
            Practice::ErrorResponse,
            "ProductService.java",
            "        } catch (Exception e) {\n            throw new CustomException(e.getMessage(), HttpStatus.BAD_REQUEST);\n        }\n",
            "        } catch (DataIntegrityViolationException e) {\n            throw new CustomException(\"taken\", HttpStatus.CONFLICT);\n        }\n",
        ),
        (
            Practice::ErrorResponse,
            "Decoder.java",
            "class Decoder implements ErrorDecoder {\n  public Exception decode(String key, Response response) {\n    return new CustomException(\"failed\", response.status());\n  }\n}\n",
            "class Decoder implements ErrorDecoder {\n  public Exception decode(String key, Response response) {\n    return new UpstreamException(\"failed\");\n  }\n}\n",
        ),
        (
            Practice::UncheckedValue,
            "PaymentService.java",
            "    public void pay(PaymentRequest paymentRequest) {\n        store(paymentRequest.getMode().name());\n    }\n",
            "    public void pay(PaymentRequest paymentRequest) {\n        store(paymentRequest.getMode());\n    }\n",
        ),
        (
            Practice::MemoryState,
            "WebSocketConfig.java",
            "registry.enableSimpleBroker(\"/user\");\n",
            "registry.enableStompBrokerRelay(\"/user\");\n",
        ),
        (
            Practice::Management,
            "ConfigServer.java",
            "@EnableConfigServer\npublic class ConfigServer {}\n",
            "public class ConfigClient {}\n",
        ),
        (
            Practice::ConnectRetry,
            "application.yaml",
            "spring:\n  config:\n    import: configserver:http://config:8888\n",
            "spring:\n  config:\n    import: optional:configserver:http://config:8888\n",
        ),
        (
            Practice::LocalAddress,
            "Routes.java",
            "routes.route(r -> r.path(\"/product/**\").uri(\"http://localhost:8085\"));\n",
            "routes.route(r -> r.path(\"/product/**\").uri(productUri));\n",
        ),
    ]);
}
