//! Failures that become 500, gateways, Nest programs and settings without a value.

use super::{Practice, check};

#[test]
fn failures_of_services_without_a_status_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "app/order_service.py",
            "def cancel(self, id):\n    raise ValueError('order not found')\n",
            "def cancel(self, id):\n    raise HTTPException(404, 'order not found')\n",
        ),
        (
            Practice::ErrorResponse,
            "routes.py",
            "def user(request):\n    return int(request.headers['X-User-Id'])\n",
            "def user(request):\n    try:\n        return int(request.headers['X-User-Id'])\n    except ValueError:\n        return None\n",
        ),
        (
            Practice::ErrorResponse,
            "a.ts",
            "const find = (req, res) => {\n  return JSON.parse(req.query.filter);\n};\n",
            "const find = (req, res) => {\n  try {\n    return JSON.parse(req.query.filter);\n  } catch (e) {\n    return null;\n  }\n};\n",
        ),
        (
            Practice::ErrorResponse,
            "A.java",
            "    Long user(HttpServletRequest request) {\n        return Long.parseLong(request.getHeader(\"X-User-Id\"));\n    }\n",
            "    Long user(HttpServletRequest request) {\n        try {\n            return Long.parseLong(request.getHeader(\"X-User-Id\"));\n        } catch (NumberFormatException e) {\n            return null;\n        }\n    }\n",
        ),
        (
            Practice::ErrorResponse,
            "client.py",
            "async def price(id):\n    return await client.get(f\"{PRICE_URL}/{id}\")\n",
            "async def price(id):\n    try:\n        return await client.get(f\"{PRICE_URL}/{id}\")\n    except httpx.RequestError:\n        raise HTTPException(503)\n",
        ),
        (
            Practice::ErrorResponse,
            "client.py",
            "async def price(id):\n    try:\n        return await client.get(url)\n    except httpx.RequestError:\n        raise HTTPException(500, 'not available')\n",
            "async def price(id):\n    try:\n        return await client.get(url)\n    except httpx.RequestError:\n        raise HTTPException(503, 'not available')\n",
        ),
        (
            Practice::ErrorResponse,
            "a.service.ts",
            "  async price(id) {\n    try {\n      return await axios.get(url);\n    } catch (e) {\n      throw new InternalServerErrorException('price');\n    }\n  }\n",
            "  async price(id) {\n    try {\n      return await axios.get(url);\n    } catch (e) {\n      throw new ServiceUnavailableException('price');\n    }\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func (h *H) Price(w http.ResponseWriter, r *http.Request) {\n\tres, err := h.client.Do(req)\n\tif err != nil {\n\t\thttp.Error(w, \"price\", http.StatusInternalServerError)\n\t\treturn\n\t}\n}\n",
            "func (h *H) Price(w http.ResponseWriter, r *http.Request) {\n\tres, err := h.client.Do(req)\n\tif err != nil {\n\t\thttp.Error(w, \"price\", http.StatusBadGateway)\n\t\treturn\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn gateways_that_pass_on_headers_are_found() {
    check(&[
        (
            Practice::ErrorResponse,
            "main.py",
            "async def proxy(request):\n    return Response(content=resp.content, status_code=resp.status_code, headers=dict(resp.headers))\n",
            "async def proxy(request):\n    return Response(content=resp.content, status_code=resp.status_code, media_type=resp.headers.get('content-type'))\n",
        ),
        (
            Practice::ErrorResponse,
            "a.js",
            "app.get('/a', async (req, res) => {\n  const response = await axios.get(url);\n  res.set(response.headers);\n});\n",
            "app.get('/a', async (req, res) => {\n  const response = await axios.get(url);\n  delete response.headers['content-encoding'];\n  res.set(response.headers);\n});\n",
        ),
        (
            Practice::CallerIdentity,
            "main.py",
            "async def proxy(request):\n    headers = dict(request.headers)\n    if user:\n        headers[\"X-User-Id\"] = str(user.id)\n",
            "async def proxy(request):\n    headers = dict(request.headers)\n    headers.pop(\"x-user-id\", None)\n    if user:\n        headers[\"X-User-Id\"] = str(user.id)\n",
        ),
        (
            Practice::CallerIdentity,
            "a.ts",
            "async function proxy(req, res) {\n  const headers = { ...req.headers };\n  if (req.user) {\n    headers['x-user-id'] = req.user.id;\n  }\n}\n",
            "async function proxy(req, res) {\n  const headers = { ...req.headers };\n  delete headers['x-user-id'];\n  if (req.user) {\n    headers['x-user-id'] = req.user.id;\n  }\n}\n",
        ),
    ]);
}

#[test]
fn programs_of_nest_are_found() {
    check(&[
        (
            Practice::PoolBounds,
            "main.ts",
            "const context = await NestFactory.createApplicationContext(AppModule);\nconst app = await NestFactory.createMicroservice<GrpcOptions>(AppModule, options);\n",
            "const app = await NestFactory.createMicroservice<GrpcOptions>(AppModule, options);\n",
        ),
        (
            Practice::LiteralSetting,
            "main.ts",
            "async function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  await app.listen(undefined);\n}\n",
            "async function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  await app.listen(config.port);\n}\n",
        ),
        (
            Practice::LocalAddress,
            "a.module.ts",
            "ClientsModule.register([{ name: KAFKA, transport: Transport.KAFKA }])\n",
            "ClientsModule.register([{ name: KAFKA, transport: Transport.KAFKA, options: { client } }])\n",
        ),
        (
            Practice::Cleanup,
            "a.ts",
            "  onModuleDestroy(): void {\n    this.producer.disconnect()\n  }\n",
            "  async onModuleDestroy(): Promise<void> {\n    await this.producer.disconnect()\n  }\n",
        ),
        (
            Practice::OwnedTask,
            "a.saga.ts",
            "return events.pipe(ofType(OrderCreated), delay(1000), apply)\n",
            "return events.pipe(ofType(OrderCreated), apply)\n",
        ),
        (
            Practice::OwnedTask,
            "a.ts",
            "  async handle(order) {\n    setTimeout(() => this.client.emit('order.retry', order), 5000);\n  }\n",
            "  async handle(order) {\n    setTimeout(() => controller.abort(), 5000);\n  }\n",
        ),
        (
            Practice::DualWrite,
            "a.handler.ts",
            "  async execute(command) {\n    const order = this.publisher.mergeObjectContext(new Order());\n    await this.orders.save(order);\n    order.commit();\n  }\n",
            "  async execute(command) {\n    const order = this.publisher.mergeObjectContext(new Order());\n    await this.outbox.save(order);\n    order.commit();\n  }\n",
        ),
    ]);
}

#[test]
fn settings_without_a_value_are_found_conf_6() {
    check(&[
        (
            Practice::LostSetting,
            "main.go",
            "func main() {\n\trouter.Run(\":\" + os.Getenv(\"PORT\"))\n}\n",
            "func main() {\n\tport := os.Getenv(\"PORT\")\n\tif port == \"\" {\n\t\tport = \"8080\"\n\t}\n\trouter.Run(\":\" + port)\n}\n",
        ),
        (
            Practice::LostSetting,
            "main.ts",
            "await app.listen(process.env.PORT);\n",
            "await app.listen(process.env.PORT ?? 3000);\n",
        ),
        (
            Practice::LostSetting,
            "config.service.ts",
            "  get port() {\n    return Number(this.configService.get<number>('app.port'));\n  }\n",
            "  get port() {\n    return Number(this.configService.getOrThrow<number>('app.port'));\n  }\n",
        ),
        (
            Practice::LooseOrigin,
            "main.py",
            "app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origin, allow_credentials=True)\n",
            "app.add_middleware(CORSMiddleware, allow_origins=[settings.cors_origin], allow_credentials=True)\n",
        ),
    ]);
}
