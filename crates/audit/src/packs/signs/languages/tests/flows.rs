//! Page sizes, literal switches, and errors that do not reach the response.

use super::check;
use crate::model::facts::Practice;

#[test]
fn page_sizes_without_maximum_are_found_in_each_framework() {
    check(&[
        (
            Practice::PageSize,
            "a.controller.ts",
            "  list(\n    @Query('page') page = 1,\n    @Query('limit') limit = 10,\n  ) {\n    return this.a.list(page, limit);\n  }\n",
            "  list(\n    @Query('page') page = 1,\n    @Query('limit') limit = 10,\n  ) {\n    return this.a.list(page, Math.min(limit, 100));\n  }\n",
        ),
        (
            Practice::PageSize,
            "a.js",
            "app.get('/a', async (req, res) => {\n  const { page = 1, limit = 10 } = req.query;\n  res.json(await list(page, limit));\n});\n",
            "app.get('/a', async (req, res) => {\n  const { page = 1, limit = 10 } = req.query;\n  res.json(await list(page, Math.min(limit, 50)));\n});\n",
        ),
        (
            Practice::PageSize,
            "a.py",
            "@router.get('/a')\nasync def rows(skip: int = 0, limit: int = 100):\n    return await load(skip, limit)\n",
            "@router.get('/a')\nasync def rows(skip: int = 0, limit: int = Query(100, le=200)):\n    return await load(skip, limit)\n",
        ),
        (
            Practice::PageSize,
            "a.py",
            "def rows():\n    limit = int(request.args.get('limit', 10))\n    return load(limit)\n",
            "def rows():\n    limit = min(int(request.args.get('limit', 10)), 100)\n    return load(limit)\n",
        ),
        (
            Practice::PageSize,
            "A.java",
            "    public List<A> rows(@RequestParam(defaultValue = \"20\") int size) {\n        return service.rows(size);\n    }\n",
            "    public List<A> rows(@RequestParam(defaultValue = \"20\") @Max(100) int size) {\n        return service.rows(size);\n    }\n",
        ),
        (
            Practice::PageSize,
            "a.go",
            "func Rows(ctx context.Context, page, pageSize int64) ([]Row, error) {\n\tif pageSize <= 0 {\n\t\tpageSize = 10\n\t}\n\treturn load(ctx, pageSize)\n}\n",
            "func Rows(ctx context.Context, page, pageSize int64) ([]Row, error) {\n\tif pageSize <= 0 || pageSize > 100 {\n\t\tpageSize = 10\n\t}\n\treturn load(ctx, pageSize)\n}\n",
        ),
    ]);
}

#[test]
fn literal_switches_of_settings_are_found() {
    check(&[
        (
            Practice::ApiDocs,
            "application.properties",
            "springdoc.swagger-ui.path=/docs\n",
            "springdoc.swagger-ui.path=/docs\nspringdoc.swagger-ui.enabled=false\n",
        ),
        (
            Practice::ApiDocs,
            "application.yml",
            "springdoc:\n  swagger-ui:\n    path: /docs\n",
            "springdoc:\n  swagger-ui:\n    enabled: ${DOCS:false}\n",
        ),
        (
            Practice::LogFormat,
            "logback-spring.xml",
            "<pattern>%d %-5level %msg%n</pattern>\n",
            "<pattern>%msg</pattern>\n<encoder class=\"net.logstash.logback.encoder.LogstashEncoder\"/>\n",
        ),
        (
            Practice::LocalAddress,
            "application.yml",
            "routes:\n  - id: a\n    uri: http://localhost:8081\n",
            "routes:\n  - id: a\n    uri: ${A_URI:http://a:8081}\n",
        ),
        (
            Practice::LogLevel,
            "application.yml",
            "logging:\n  level:\n    \"org.example\": DEBUG\n",
            "logging:\n  level:\n    \"org.example\": INFO\n",
        ),
        (
            Practice::FileLogging,
            "ecosystem.config.js",
            "module.exports = { apps: [{ error_file: './logs/a.log' }] };\n",
            "module.exports = { apps: [{ error_file: '/dev/stderr' }] };\n",
        ),
        (
            Practice::FixedVersion,
            "ecosystem.config.js",
            "'post-deploy': 'npm install && pm2 reload all'\n",
            "'post-deploy': 'npm ci && pm2 reload all'\n",
        ),
        (
            Practice::Encryption,
            "settings.yaml",
            "tlsVerify: false\n",
            "skipTlsVerify: false\n",
        ),
    ]);
}

#[test]
fn errors_that_never_reach_the_answer_are_found() {
    check(&[
        (
            Practice::RequestPanic,
            "a.go",
            "func f() {\n\tid, err := load()\n\tif err != nil || id == \"\" {\n\t\tlog.Printf(\"failed: %v\", err.Error())\n\t}\n}\n",
            "func f() {\n\tid, err := load()\n\tif err != nil || id == \"\" {\n\t\tlog.Printf(\"failed: %v\", err)\n\t}\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func f() {\n\t_, err = connect()\n\n\tlis, err := listen()\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tuse(lis)\n}\n",
            "func f() {\n\t_, err = connect()\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tlis, err := listen()\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tuse(lis)\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func f() {\n\tfor cursor.Next(ctx) {\n\t\tif err := cursor.Decode(&row); err == nil {\n\t\t\trows = append(rows, row)\n\t\t}\n\t}\n}\n",
            "func f() {\n\tfor cursor.Next(ctx) {\n\t\tif err := cursor.Decode(&row); err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t\trows = append(rows, row)\n\t}\n\treturn rows, cursor.Err()\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func f() {\n\tconn, err := amqp.Dial(url)\n\tif err != nil {\n\t\tlog.Printf(\"no broker: %v\", err)\n\t}\n\tuse(conn)\n}\n",
            "func f() {\n\tconn, err := amqp.Dial(url)\n\tif err != nil {\n\t\tlog.Fatalf(\"no broker: %v\", err)\n\t}\n\tuse(conn)\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.controller.ts",
            "  list(user) {\n    if (!user) throw new Error('no user');\n  }\n",
            "  list(user) {\n    if (!user) throw new UnauthorizedException('no user');\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func (s *Server) Get(ctx context.Context, in *userpb.GetRequest) (*userpb.GetResponse, error) {\n\tif in.Id == \"\" {\n\t\treturn nil, fmt.Errorf(\"no id\")\n\t}\n\treturn s.get(ctx, in)\n}\n",
            "func (s *Server) Get(ctx context.Context, in *userpb.GetRequest) (*userpb.GetResponse, error) {\n\tif in.Id == \"\" {\n\t\treturn nil, status.Error(codes.InvalidArgument, \"no id\")\n\t}\n\treturn s.get(ctx, in)\n}\n",
        ),
        (
            Practice::HealthResult,
            "main.go",
            "func main() {\n\th.SetServingStatus(\"\", healthpb.HealthCheckResponse_SERVING)\n}\n",
            "func main() {\n\th.SetServingStatus(\"\", healthpb.HealthCheckResponse_SERVING)\n\tif db.Ping() != nil {\n\t\th.SetServingStatus(\"\", healthpb.HealthCheckResponse_NOT_SERVING)\n\t}\n}\n",
        ),
        (
            Practice::HealthResult,
            "health.controller.ts",
            "@Controller('health')\nexport class HealthController {\n  @Get()\n  check() {\n    return { status: 'ok' };\n  }\n}\n",
            "@Controller('health')\nexport class HealthController {\n  @Get()\n  check() {\n    return this.health.check([() => this.db.ping()]);\n  }\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (r *UserRepository) Insert(user *User) error {\n\tctx, cancel := context.WithTimeout(context.Background(), time.Second)\n\tdefer cancel()\n\treturn r.insert(ctx, user)\n}\n",
            "func (r *UserRepository) Insert(ctx context.Context, user *User) error {\n\tctx, cancel := context.WithTimeout(ctx, time.Second)\n\tdefer cancel()\n\treturn r.insert(ctx, user)\n}\n",
        ),
        (
            Practice::PersonLogged,
            "a.go",
            "func f() {\n\tlogger.Log.Info(\"registered\", \"email\", req.GetEmail())\n}\n",
            "func f() {\n\tlogger.Log.Info(\"registered\", \"email\", mask(req.GetEmail()))\n}\n",
        ),
        (
            Practice::PersonLogged,
            "a.ts",
            "  send(p) {\n    this.logger.log(`sent to ${p.recipientEmail}`);\n  }\n",
            "  send(p) {\n    this.logger.log(`sent to ${p.recipientId}`);\n  }\n",
        ),
    ]);
}
