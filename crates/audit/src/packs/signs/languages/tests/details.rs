//! Details of frameworks, images and settings, and texts that are no findings.

use super::{check, shows};
use crate::model::facts::Practice;

#[test]
fn images_without_code_and_long_timeouts_are_found() {
    check(&[
        (
            Practice::ImageHygiene,
            "Dockerfile",
            "FROM php:8.3-fpm\nRUN docker-php-ext-install pdo\n",
            "FROM php:8.3-fpm\nCOPY . /app\n",
        ),
        (
            Practice::RemoteScript,
            "Dockerfile",
            "FROM php:8.3\nRUN curl -sS https://example.com/installer | php\n",
            "FROM php:8.3\nCOPY --from=composer /usr/bin/composer /usr/bin/composer\n",
        ),
        (
            Practice::OutboundTimeout,
            "nginx.conf",
            "fastcgi_read_timeout 300;\n",
            "fastcgi_read_timeout 30;\n",
        ),
        (
            Practice::ErrorResponse,
            "a.php",
            "try { a(); } catch (Exception $e) { return response()->json(['error' => 'failed']); }\n",
            "try { a(); } catch (Exception $e) { return response()->json(['error' => 'failed'], 500); }\n",
        ),
        (
            Practice::TextLength,
            "a.php",
            "class A {\n    public function store($request)\n    {\n        $this->service->make($request->all());\n    }\n}\n",
            "class A {\n    public function store($request)\n    {\n        $request->validate($rules);\n        $this->service->make($request->all());\n    }\n}\n",
        ),
    ]);
}

#[test]
fn seeds_and_constants_are_not_findings() {
    for (practice, path, text) in [
        (
            Practice::CodeCredential,
            "db/seeds.rb",
            "User.create!(password: 'secret123')\n",
        ),
        (
            Practice::CodeCredential,
            "app/auth.rb",
            "JWT.encode(payload, JWT_SECRET, \"HS256\")\n",
        ),
        (
            Practice::TokenLifetime,
            "app/models/rate.rb",
            "(1.months.ago..1.months.from_now)\n",
        ),
        (
            Practice::MemoryState,
            "Formatter.cs",
            "private static readonly Dictionary<Level, string> Colors = new() { [Level.Info] = \"x\" };\n",
        ),
    ] {
        assert!(!shows(path, text, practice), "{practice:?} {path} {text}");
    }
}

#[test]
fn clients_and_workers_of_nest_are_read() {
    check(&[
        (
            Practice::Acknowledgement,
            "a.ts",
            "queueOptions: { durable: false },\n",
            "queueOptions: { durable: true },\n",
        ),
        (
            Practice::Acknowledgement,
            "a.ts",
            "  channel.ack(message);\n  return await this.service.create(payload);\n",
            "  await this.service.create(payload);\n  channel.ack(message);\n",
        ),
        (
            Practice::OutboundTimeout,
            "a.ts",
            "class A {\n  async a(p) {\n    return this.client.send('x', p).toPromise();\n  }\n}\n",
            "class A {\n  async a(p) {\n    return this.client.send('x', p).pipe(timeout(5000)).toPromise();\n  }\n}\n",
        ),
        (
            Practice::PlaintextGrpc,
            "a.ts",
            "transport: Transport.GRPC,\n",
            "transport: Transport.GRPC,\ncredentials: c,\n",
        ),
        (
            Practice::TextLength,
            "user.dto.ts",
            "export class UserDto {\n  email: string;\n}\n",
            "export class UserDto {\n  @IsEmail()\n  email: string;\n}\n",
        ),
        (
            Practice::ServerTimeouts,
            "main.ts",
            "server.setTimeout(1800000);\n",
            "server.setTimeout(30000);\n",
        ),
        (
            Practice::Stub,
            "a.ts",
            "  async get() {\n    // const a = 1;\n    // return a;\n  }\n",
            "  async get() {\n    // The cache has the newest value.\n    return this.cache;\n  }\n",
        ),
    ]);
}

#[test]
fn settings_and_logs_of_php_are_read() {
    check(&[
        (
            Practice::CodeCredential,
            "app.php",
            "return ['DATABASE_PASS' => 'demo1234'];\n",
            "return ['password' => 'required|string'];\n",
        ),
        (
            Practice::SilentNull,
            "a.php",
            "class A {\n    public function connect()\n    {\n        try {\n            $this->c = new PDO($d);\n        } catch (\\Exception $e) {\n            Logger::error('x');\n            return false;\n        }\n    }\n}\n",
            "class A {\n    public function connect()\n    {\n        $this->c = new PDO($d);\n    }\n}\n",
        ),
        (
            Practice::FileLogging,
            "a.php",
            "$f = fopen($logFile, 'a');\n",
            "$f = fopen('php://stderr', 'a');\n",
        ),
        (
            Practice::TestDependency,
            "composer.json",
            "{\"require\": {\"phpunit/phpunit\": \"^9\"}}\n",
            "{\"require-dev\": {\"phpunit/phpunit\": \"^9\"}}\n",
        ),
        (
            Practice::BodyLogged,
            "a.php",
            "Logger::info('worker', 'x', ['content' => $payload]);\n",
            "Logger::info('worker', 'started');\n",
        ),
        (
            Practice::SupportedVersion,
            "go.mod",
            "module a\n\ngo 1.16\n",
            "module a\n\ngo 1.26\n",
        ),
    ]);
}

#[test]
fn consumers_and_clients_of_go_and_ruby_are_read() {
    check(&[
        (
            Practice::RequestContext,
            "a.go",
            "func a(ctx context.Context) {\n\treq, err := http.NewRequest(\"GET\", u, nil)\n}\n",
            "func a(ctx context.Context) {\n\treq, err := http.NewRequestWithContext(ctx, \"GET\", u, nil)\n}\n",
        ),
        (
            Practice::LocalAddress,
            "a.go",
            "const aggregatorURL = \"http://localhost:3000\"\n",
            "const path = \"/orders\"\n",
        ),
        (
            Practice::DroppedMessage,
            "a.go",
            "func a() {\n\tfor {\n\t\tmsg, err := c.ReadMessage(-1)\n\t\tif err := handle(msg); err != nil {\n\t\t\tlog.Println(err)\n\t\t\tcontinue\n\t\t}\n\t}\n}\n",
            "func a() {\n\tfor _, x := range list {\n\t\tif err := check(x); err != nil {\n\t\t\tlog.Println(err)\n\t\t\tcontinue\n\t\t}\n\t}\n}\n",
        ),
        (
            Practice::MemoryState,
            "a.go",
            "type MemoryStore struct {\n\tdata map[int]float64\n}\n",
            "type PostgresStore struct {\n\tpool *pgxpool.Pool\n}\n",
        ),
        (
            Practice::SupportedVersion,
            "Gemfile",
            "ruby '3.1.2'\n",
            "ruby '3.4.1'\n",
        ),
        (
            Practice::SecretComparison,
            "a.rb",
            "halt unless params[:api_key] == ENV['API_KEY']\n",
            "halt unless secure_compare(params[:api_key], ENV['API_KEY'])\n",
        ),
        (
            Practice::EnvironmentDefault,
            "config/puma.rb",
            "environment ENV.fetch(\"RAILS_ENV\") { \"development\" }\n",
            "environment ENV.fetch(\"RAILS_ENV\")\n",
        ),
    ]);
}
