//! Services with Express or Nest.

use super::check;
use crate::model::facts::Practice;

#[test]
fn services_of_nest_are_found() {
    check(&[
        (
            Practice::Leak,
            "main.ts",
            "const context = await NestFactory.createApplicationContext(AppModule);\n",
            "const context = await NestFactory.createApplicationContext(AppModule);\nawait context.close();\n",
        ),
        (
            Practice::LostSetting,
            "app.module.ts",
            "imports: [ConfigModule.forRoot({ isGlobal: true })],\n",
            "imports: [ConfigModule.forRoot({ validationSchema: schema })],\n",
        ),
        (
            Practice::OutboundTimeout,
            "s3.ts",
            "private s3 = new S3Client({ region });\n",
            "private s3 = new S3Client({ region, requestHandler: { requestTimeout: 3000 } });\n",
        ),
        (
            Practice::TextLength,
            "main.ts",
            "const app = await NestFactory.createMicroservice(AppModule);\n",
            "const app = await NestFactory.createMicroservice(AppModule);\napp.useGlobalPipes(new ValidationPipe());\n",
        ),
    ]);
}

#[test]
fn calls_of_other_services_are_found() {
    check(&[
        (
            Practice::ErrorResponse,
            "a.js",
            "apiError.status = error.response.status;\n",
            "apiError.status = 502;\n",
        ),
        (
            Practice::LimiterFailure,
            "auth.js",
            "const guard = secret\n  ? jwt({ secret })\n  : (req, res, next) => next();\n",
            "const guard = jwt({ secret });\n",
        ),
        (
            Practice::LimiterFailure,
            "opa.js",
            "if (config.opa.failOpen) {\n  return true;\n}\n",
            "return false;\n",
        ),
        (
            Practice::HealthResult,
            "health.js",
            "const status = allUp ? 'ok' : 'degraded';\nres.json({ status });\n",
            "const status = allUp ? 'ok' : 'degraded';\nres.status(allUp ? 200 : 503).json({ status });\n",
        ),
        (
            Practice::FileLogging,
            "logger.js",
            "if (config.env !== 'production') {\n  logger.add(new winston.transports.Console());\n}\n",
            "logger.add(new winston.transports.Console());\n",
        ),
        (
            Practice::SilentNull,
            "a.js",
            "try {\n  return await get();\n} catch (error) {\n  logger.error('failed');\n  return null;\n}\n",
            "try {\n  return await get();\n} catch (error) {\n  logger.error('failed');\n  throw error;\n}\n",
        ),
        (
            Practice::ShutdownContext,
            "server.js",
            "process.on('SIGTERM', () => {\n  server.close(() => process.exit(0));\n});\n",
            "process.on('SIGTERM', () => {\n  server.close(() => process.exit(0));\n  setTimeout(() => process.exit(1), 10000);\n});\n",
        ),
        (
            Practice::OpenRoute,
            "users.js",
            "router.use(optionalJwtMiddleware);\n",
            "router.use(jwtMiddleware);\n",
        ),
    ]);
}

#[test]
fn updates_timeouts_and_volumes_are_found() {
    check(&[
        (
            Practice::MassAssignment,
            "a.ts",
            "class A {\n  update(id: string, updates: any) {\n    return this.users.findOneAndUpdate({ _id: id }, updates);\n  }\n}\n",
            "class A {\n  update(id: string, name: string) {\n    return this.users.findOneAndUpdate({ _id: id }, { $set: { name } });\n  }\n}\n",
        ),
        (
            Practice::MassAssignment,
            "a.js",
            "await User.updateOne({ _id: id }, { $set: { ...req.body } });\n",
            "await User.updateOne({ _id: id }, { $set: { name: req.body.name } });\n",
        ),
        (
            Practice::OutboundTimeout,
            "guard.ts",
            "constructor(private users: ClientProxy) {}\n  canActivate() {\n    return this.users\n      .send('authenticate', { token });\n  }\n",
            "constructor(private users: ClientProxy) {}\n  canActivate() {\n    return this.users.emit('seen', { token });\n  }\n",
        ),
        (
            Practice::HostPath,
            "mysql.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      volumes:\n        - name: data\n          persistentVolumeClaim:\n            claimName: data\n",
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  strategy: {type: Recreate}\n  template:\n    spec:\n      volumes:\n        - name: data\n          persistentVolumeClaim:\n            claimName: data\n",
        ),
    ]);
}

#[test]
fn messages_and_responses_of_nest_are_found() {
    check(&[
        (
            Practice::ErrorResponse,
            "cancel.service.ts",
            "throw new Error(`Invoice ${id} not found`);\n",
            "throw new NotFoundException(`Invoice ${id} not found`);\n",
        ),
        (
            Practice::DroppedMessage,
            "consumer.ts",
            "  async handle(msg: Message) {\n    switch (msg.type) {\n      case 'paid':\n        await this.paid(msg);\n        break;\n      default:\n        console.warn('unknown');\n    }\n  }\n",
            "  async handle(msg: Message) {\n    switch (msg.type) {\n      case 'paid':\n        await this.paid(msg);\n        break;\n      default:\n        throw new UnknownMessage(msg.type);\n    }\n  }\n",
        ),
        (
            Practice::UncheckedValue,
            "consumer.ts",
            "  @RabbitSubscribe({\n    queue: 'events',\n  })\n  async handle(msg: any) {\n    await this.pay(msg.id);\n  }\n",
            "  @RabbitSubscribe({\n    queue: 'events',\n  })\n  async handle(msg: PaymentEvent) {\n    await this.pay(msg.id);\n  }\n",
        ),
        (
            Practice::MoneyType,
            "mapper.ts",
            "const price = parseFloat(item.unitPriceAmount);\n",
            "const price = new Decimal(item.unitPriceAmount);\n",
        ),
        (
            Practice::FixedVersion,
            ".gitignore",
            "node_modules\npackage-lock.json\n",
            "node_modules\n",
        ),
    ]);
}

#[test]
fn development_habits_of_express_are_found() {
    check(&[
        (
            Practice::LocalAddress,
            "order.js",
            "axios.post(\n  'http://localhost:5000/api/pay',\n  { order },\n);\n",
            "axios.post(`${config.payment}/api/pay`, { order });\n",
        ),
        (
            Practice::InternalError,
            "handler.js",
            "function handle(error, res) {\n  const errorMessage = error.toString();\n  res.status(500).send(errorMessage);\n}\n",
            "function handle(error, res) {\n  const errorMessage = error.toString();\n  logger.error(errorMessage);\n  res.status(500).send('failed');\n}\n",
        ),
        (
            Practice::FileLogging,
            "logs.ts",
            "const stream = fs.createWriteStream(path.join(folder, `${accessLog}.log`), { flags: 'a' });\n",
            "const stream = fs.createWriteStream(path.join(folder, 'report.pdf'));\n",
        ),
        (
            Practice::UncheckedSecret,
            "env.ts",
            "const JWT = process.env.JWT_SECRET || '';\n",
            "const JWT = required(process.env.JWT_SECRET);\n",
        ),
        (
            Practice::SecretLogged,
            "server.ts",
            "logger(`Connected to database: ${ENV.MONGO.CONNECTION}`);\n",
            "logger(`Connected to database: ${ENV.MONGO.HOST}`);\n",
        ),
        (
            Practice::FloatingPromise,
            "order.ts",
            "setTimeout(async () => {\n  await orders.deliver(id);\n}, delay);\n",
            "setTimeout(async () => {\n  try {\n    await orders.deliver(id);\n  } catch (error) {\n    logger.error(error);\n  }\n}, delay);\n",
        ),
        (
            Practice::MemoryState,
            "order.ts",
            "setTimeout(() => {\n  orders.updateOne({ id }, { status });\n}, delay);\n",
            "setTimeout(() => {\n  spinner.stop();\n}, delay);\n",
        ),
        (
            Practice::IgnoredError,
            "order.ts",
            "function cancel() {\n  return async (req, res) => {\n    await Order.findByIdAndUpdate(req.query.id, { status });\n    res.status(200).send(status);\n  };\n}\n",
            "function cancel() {\n  return async (req, res) => {\n    const order = await Order.findByIdAndUpdate(req.query.id, { status });\n    res.status(order ? 200 : 404).end();\n  };\n}\n",
        ),
        (
            Practice::PlainPassword,
            "auth.ts",
            "const plain = Crypto.AES.decrypt(userPass, secret);\n",
            "const same = await bcrypt.compare(userPass, hash);\n",
        ),
        (
            Practice::SampleData,
            "init.ts",
            "Users.create({ username: 'admin', password: hash });\n",
            "Users.create({ username: settings.admin, password: hash });\n",
        ),
        (
            Practice::TestDependency,
            "pay.ts",
            "import faker from 'faker';\n",
            "import axios from 'axios';\n",
        ),
        (
            Practice::SupportedVersion,
            "package.json",
            "{\n  \"dependencies\": {\n    \"axios\": \"^0.21.1\"\n  }\n}\n",
            "{\n  \"dependencies\": {\n    \"axios\": \"^1.7.9\"\n  }\n}\n",
        ),
    ]);
}

#[test]
fn health_and_images_of_nest_are_found() {
    check(&[
        (
            Practice::SharedConnection,
            "health.controller.ts",
            "class Health {\n  check() {\n    return this.microservice.pingCheck('kafka', {\n      transport: Transport.KAFKA,\n    });\n  }\n}\n",
            "class Health {\n  check() {\n    return this.kafka.isConnected();\n  }\n}\n",
        ),
        (
            Practice::DroppedMessage,
            "main.ts",
            "const app = create({ transport: Transport.KAFKA, options: { consumer: { groupId: 'mail' } } });\n",
            "const app = create({ transport: Transport.KAFKA, options: { consumer: { groupId: 'mail' }, subscribe: { fromBeginning: true } } });\nClientsModule.register([]);\n",
        ),
        (
            Practice::FixedVersion,
            "Dockerfile",
            "COPY package*.json ./\n\nRUN yarn add rimraf\n\nRUN yarn install --frozen-lockfile\n",
            "COPY package.json yarn.lock ./\n\nRUN yarn install --frozen-lockfile\n",
        ),
        (
            Practice::EnvironmentDefault,
            "Dockerfile",
            "ARG NODE_ENV=production\nCMD [\"node\", \"dist/main\"]\n",
            "ARG NODE_ENV=production\nENV NODE_ENV=${NODE_ENV}\nCMD [\"node\", \"dist/main\"]\n",
        ),
    ]);
}
