//! Details of frameworks, images and settings, and texts that are no findings.

use super::{check, shows};
use crate::model::facts::Topic;

#[test]
fn images_without_code_and_long_timeouts_are_found() {
    check(&[
        (
            Topic::ImageHygiene,
            "Dockerfile",
            "FROM php:8.3-fpm\nRUN docker-php-ext-install pdo\n",
            "FROM php:8.3-fpm\nCOPY . /app\n",
        ),
        (
            Topic::RemoteScript,
            "Dockerfile",
            "FROM php:8.3\nRUN curl -sS https://example.com/installer | php\n",
            "FROM php:8.3\nCOPY --from=composer /usr/bin/composer /usr/bin/composer\n",
        ),
        (
            Topic::OutboundTimeout,
            "nginx.conf",
            "fastcgi_read_timeout 300;\n",
            "fastcgi_read_timeout 30;\n",
        ),
        (
            Topic::ErrorAnswer,
            "a.php",
            "try { a(); } catch (Exception $e) { return response()->json(['error' => 'failed']); }\n",
            "try { a(); } catch (Exception $e) { return response()->json(['error' => 'failed'], 500); }\n",
        ),
        (
            Topic::TextLength,
            "a.php",
            "class A {\n    public function store($request)\n    {\n        $this->service->make($request->all());\n    }\n}\n",
            "class A {\n    public function store($request)\n    {\n        $request->validate($rules);\n        $this->service->make($request->all());\n    }\n}\n",
        ),
    ]);
}

#[test]
fn seeds_and_constants_are_no_findings() {
    for (topic, path, text) in [
        (
            Topic::CodeCredential,
            "db/seeds.rb",
            "User.create!(password: 'secret123')\n",
        ),
        (
            Topic::CodeCredential,
            "app/auth.rb",
            "JWT.encode(payload, JWT_SECRET, \"HS256\")\n",
        ),
        (
            Topic::TokenLifetime,
            "app/models/rate.rb",
            "(1.months.ago..1.months.from_now)\n",
        ),
        (
            Topic::MemoryState,
            "Formatter.cs",
            "private static readonly Dictionary<Level, string> Colors = new() { [Level.Info] = \"x\" };\n",
        ),
    ] {
        assert!(!shows(path, text, topic), "{topic:?} {path} {text}");
    }
}

#[test]
fn clients_and_workers_of_nest_are_read() {
    check(&[
        (
            Topic::Acknowledgement,
            "a.ts",
            "queueOptions: { durable: false },\n",
            "queueOptions: { durable: true },\n",
        ),
        (
            Topic::Acknowledgement,
            "a.ts",
            "  channel.ack(message);\n  return await this.service.create(payload);\n",
            "  await this.service.create(payload);\n  channel.ack(message);\n",
        ),
        (
            Topic::OutboundTimeout,
            "a.ts",
            "class A {\n  async a(p) {\n    return this.client.send('x', p).toPromise();\n  }\n}\n",
            "class A {\n  async a(p) {\n    return this.client.send('x', p).pipe(timeout(5000)).toPromise();\n  }\n}\n",
        ),
        (
            Topic::PlaintextGrpc,
            "a.ts",
            "transport: Transport.GRPC,\n",
            "transport: Transport.GRPC,\ncredentials: c,\n",
        ),
        (
            Topic::TextLength,
            "user.dto.ts",
            "export class UserDto {\n  email: string;\n}\n",
            "export class UserDto {\n  @IsEmail()\n  email: string;\n}\n",
        ),
        (
            Topic::ServerTimeouts,
            "main.ts",
            "server.setTimeout(1800000);\n",
            "server.setTimeout(30000);\n",
        ),
        (
            Topic::Stub,
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
            Topic::CodeCredential,
            "app.php",
            "return ['DATABASE_PASS' => 'demo1234'];\n",
            "return ['password' => 'required|string'];\n",
        ),
        (
            Topic::SilentNull,
            "a.php",
            "class A {\n    public function connect()\n    {\n        try {\n            $this->c = new PDO($d);\n        } catch (\\Exception $e) {\n            Logger::error('x');\n            return false;\n        }\n    }\n}\n",
            "class A {\n    public function connect()\n    {\n        $this->c = new PDO($d);\n    }\n}\n",
        ),
        (
            Topic::FileLogging,
            "a.php",
            "$f = fopen($logFile, 'a');\n",
            "$f = fopen('php://stderr', 'a');\n",
        ),
        (
            Topic::TestDependency,
            "composer.json",
            "{\"require\": {\"phpunit/phpunit\": \"^9\"}}\n",
            "{\"require-dev\": {\"phpunit/phpunit\": \"^9\"}}\n",
        ),
        (
            Topic::BodyLogged,
            "a.php",
            "Logger::info('worker', 'x', ['content' => $payload]);\n",
            "Logger::info('worker', 'started');\n",
        ),
        (
            Topic::SupportedVersion,
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
            Topic::RequestContext,
            "a.go",
            "func a(ctx context.Context) {\n\treq, err := http.NewRequest(\"GET\", u, nil)\n}\n",
            "func a(ctx context.Context) {\n\treq, err := http.NewRequestWithContext(ctx, \"GET\", u, nil)\n}\n",
        ),
        (
            Topic::LocalAddress,
            "a.go",
            "const aggregatorURL = \"http://localhost:3000\"\n",
            "const path = \"/orders\"\n",
        ),
        (
            Topic::DroppedMessage,
            "a.go",
            "func a() {\n\tfor {\n\t\tmsg, err := c.ReadMessage(-1)\n\t\tif err := handle(msg); err != nil {\n\t\t\tlog.Println(err)\n\t\t\tcontinue\n\t\t}\n\t}\n}\n",
            "func a() {\n\tfor _, x := range list {\n\t\tif err := check(x); err != nil {\n\t\t\tlog.Println(err)\n\t\t\tcontinue\n\t\t}\n\t}\n}\n",
        ),
        (
            Topic::MemoryState,
            "a.go",
            "type MemoryStore struct {\n\tdata map[int]float64\n}\n",
            "type PostgresStore struct {\n\tpool *pgxpool.Pool\n}\n",
        ),
        (
            Topic::SupportedVersion,
            "Gemfile",
            "ruby '3.1.2'\n",
            "ruby '3.4.1'\n",
        ),
        (
            Topic::SecretComparison,
            "a.rb",
            "halt unless params[:api_key] == ENV['API_KEY']\n",
            "halt unless secure_compare(params[:api_key], ENV['API_KEY'])\n",
        ),
        (
            Topic::EnvironmentDefault,
            "config/puma.rb",
            "environment ENV.fetch(\"RAILS_ENV\") { \"development\" }\n",
            "environment ENV.fetch(\"RAILS_ENV\")\n",
        ),
    ]);
}
