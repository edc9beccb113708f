//! Signs of each language, with texts that keep the requirement.

mod access;
mod between_services;
mod brokers;
mod changes;
mod decisions;
mod details;
mod django;
mod faults;
mod flows;
mod frameworks;
mod go;
mod go_frameworks;
mod node;
mod operations;
mod python;
mod rejected;
mod repeats;
mod requests;
mod service_details;
mod sockets;
mod spring;
mod spring_operations;
mod statuses;
mod unmapped;

use crate::model::facts::{Observation, Practice, Verdict};
use crate::model::{FactSink, FactStore};
use crate::repository::{Role, Tracked};
use crate::source::SourceFile;

fn shows(path: &str, text: &str, practice: Practice) -> bool {
    !verdicts(path, text, practice).is_empty()
}

fn verdicts(path: &str, text: &str, practice: Practice) -> Vec<Verdict> {
    let file = SourceFile::new(path, text, Role::Production, Tracked::Yes);
    let mut store = FactStore::default();
    super::super::text_reader::read(&file, &mut FactSink::new(&file, &mut store));
    store
        .of::<Observation>()
        .items
        .iter()
        .filter(|observation| observation.practice == practice)
        .map(|observation| observation.verdict)
        .collect()
}

/// A practice, a path, a text that breaks the requirement, and one that keeps it.
type Case = (Practice, &'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (practice, path, bad, good) in cases {
        assert!(shows(path, bad, *practice), "{practice:?} {path} {bad}");
        assert!(!shows(path, good, *practice), "{practice:?} {path} {good}");
    }
}

#[test]
fn statements_with_variables_are_found_in_each_language() {
    check(&[
        (
            Practice::SqlText,
            "a.php",
            "$r = $db->query(\"SELECT * FROM a WHERE id = $id\");\n",
            "$r = $db->prepare(\"SELECT * FROM a WHERE id = ?\");\n",
        ),
        (
            Practice::SqlText,
            "a.php",
            "$sql = \"SELECT * FROM a WHERE n LIKE '%\" . $q . \"%'\";\n",
            "$sql = \"SELECT * FROM \" . $table . \" WHERE id = ?\";\n",
        ),
        (
            Practice::SqlText,
            "a.rb",
            "Order.where(\"name LIKE '%#{params[:q]}%'\")\n",
            "Order.where('name LIKE ?', q)\n",
        ),
        (
            Practice::SqlText,
            "a.cs",
            "c.Orders.FromSqlRaw($\"SELECT * FROM O WHERE N = '{name}'\");\n",
            "c.Orders.FromSqlInterpolated($\"SELECT * FROM O WHERE N = {name}\");\n",
        ),
        (
            Practice::SqlText,
            "A.java",
            "em.createNativeQuery(\"SELECT * FROM o WHERE n = '\" + name + \"'\");\n",
            "em.createNativeQuery(\"SELECT * FROM o WHERE n = ?1\");\n",
        ),
        (
            Practice::SqlText,
            "a.kt",
            "jdbc.query(\"SELECT * FROM o WHERE n = '$name'\")\n",
            "jdbc.query(\"SELECT * FROM o WHERE n = ?\", name)\n",
        ),
        (
            Practice::SqlText,
            "a.py",
            "def a(id):\n    cur.execute(f\"SELECT * FROM o WHERE id = {id}\")\n",
            "def a(id):\n    cur.execute(\"SELECT * FROM o WHERE id = %s\", (id,))\n",
        ),
        (
            Practice::SqlText,
            "a.rs",
            "let s = format!(\"SELECT * FROM o WHERE id = '{}'\", id);\n",
            "let s = \"SELECT * FROM o WHERE id = $1\";\n",
        ),
    ]);
}

#[test]
fn literal_instead_of_missing_secret_is_found() {
    check(&[
        (
            Practice::CodeCredential,
            "a.php",
            "$p = getenv('DB_PASS') ?: 'root';\n",
            "$p = getenv('DB_PASS');\n",
        ),
        (
            Practice::CodeCredential,
            "a.php",
            "$k = env('JWT_SECRET', 'secret');\n",
            "$k = env('JWT_SECRET');\n",
        ),
        (
            Practice::CodeCredential,
            "a.rb",
            "S = ENV['JWT_SECRET'] || 'changeme'\n",
            "S = ENV.fetch('JWT_SECRET')\n",
        ),
        (
            Practice::CodeCredential,
            "a.cs",
            "var k = Environment.GetEnvironmentVariable(\"JWT_SECRET\") ?? \"abc\";\n",
            "var k = Environment.GetEnvironmentVariable(\"JWT_SECRET\") ?? throw new X();\n",
        ),
        (
            Practice::CodeCredential,
            "a.kt",
            "val k = System.getenv(\"JWT_SECRET\") ?: \"secret\"\n",
            "val k = System.getenv(\"JWT_SECRET\") ?: error(\"missing\")\n",
        ),
        (
            Practice::CodeCredential,
            "A.java",
            "@Value(\"${jwt.secret:abc}\") String s;\n",
            "@Value(\"${jwt.secret}\") String s;\n",
        ),
        (
            Practice::CodeCredential,
            "application.yml",
            "jwt:\n  secret: ${JWT_SECRET:abc}\n",
            "jwt:\n  secret: ${JWT_SECRET}\n",
        ),
    ]);
}

#[test]
fn constant_health_routes_are_found() {
    check(&[
        (
            Practice::HealthResult,
            "a.php",
            "$app->get('/health', function ($q, $r) {\n    $r->getBody()->write('OK');\n    return $r;\n});\n",
            "$app->get('/health', function ($q, $r) {\n    $db->query('SELECT 1');\n    return $r;\n});\n",
        ),
        (
            Practice::HealthResult,
            "a.rb",
            "get '/health' do\n  'ok'\nend\n",
            "get '/health' do\n  DB.exec('SELECT 1')\n  'ok'\nend\n",
        ),
        (
            Practice::HealthResult,
            "main.rs",
            ".route(\"/health\", get(|| async { \"ok\" }))\n",
            ".route(\"/health\", get(health))\n",
        ),
    ]);
}

#[test]
fn consumers_that_lose_messages_are_found() {
    check(&[
        (
            Practice::Acknowledgement,
            "a.php",
            "$c->basic_consume('q', '', false, true, false, false, $cb);\n",
            "$c->basic_consume('q', '', false, false, false, false, $cb);\n",
        ),
        (
            Practice::Acknowledgement,
            "a.rb",
            "q.subscribe(block: true) do |info, props, body|\nend\n",
            "q.subscribe(manual_ack: true, block: true) do |info, props, body|\nend\n",
        ),
        (
            Practice::Acknowledgement,
            "a.cs",
            "ch.BasicConsume(queue: \"q\", autoAck: true, consumer: c);\n",
            "ch.BasicConsume(queue: \"q\", autoAck: false, consumer: c);\n",
        ),
        (
            Practice::BackgroundLoop,
            "a.php",
            "while (count($channel->callbacks)) {\n    $channel->wait();\n}\n",
            "pcntl_signal(SIGTERM, $stop);\nwhile (count($channel->callbacks)) {\n    $channel->wait();\n}\n",
        ),
        (
            Practice::DroppedMessage,
            "a.rb",
            "sidekiq_options retry: false\n",
            "sidekiq_options retry: 5\n",
        ),
    ]);
}

#[test]
fn routes_without_guard_are_found() {
    check(&[
        (
            Practice::OpenRoute,
            "routes/api.php",
            "Route::delete('/users/{id}', [A::class, 'destroy']);\n",
            "Route::middleware('auth:api')->group(function () {\n    Route::delete('/users/{id}', [A::class, 'destroy']);\n});\n",
        ),
        (
            Practice::OpenRoute,
            "a.rb",
            "post '/carts' do\nend\n",
            "before do\n  halt 401 unless token\nend\npost '/carts' do\n  authenticate!\nend\n",
        ),
        (
            Practice::OpenRoute,
            "A.cs",
            "[HttpPost(\"a\")]\npublic IActionResult A() {}\n",
            "[Authorize]\npublic class A {\n[HttpPost(\"a\")]\npublic IActionResult A() {}\n}\n",
        ),
        (
            Practice::OpenRoute,
            "a.go",
            "r.POST(\"/orders\", create)\n",
            "r.Use(auth.Required())\nr.POST(\"/orders\", create)\n",
        ),
        (
            Practice::OpenRoute,
            "main.rs",
            "let app = Router::new().route(\"/orders\", post(create));\n",
            "let app = Router::new().route(\"/orders\", post(create)).layer(from_fn(auth));\n",
        ),
    ]);
}

#[test]
fn records_of_other_users_are_found() {
    check(&[
        (
            Practice::Ownership,
            "a.php",
            "class A {\n    public function show($id)\n    {\n        return Order::find($id);\n    }\n}\n",
            "class A {\n    public function show($id)\n    {\n        $this->authorize('view', Order::find($id));\n    }\n}\n",
        ),
        (
            Practice::Ownership,
            "a.rb",
            "def show\n  Order.find(params[:id])\nend\n",
            "def show\n  current_user.orders.find(params[:id])\nend\n",
        ),
        (
            Practice::Ownership,
            "A.java",
            "class A {\n    public Order one(@PathVariable Long id) {\n        return repository.findById(id).get();\n    }\n}\n",
            "class A {\n    public Order one(@PathVariable Long id, Principal principal) {\n        return repository.findById(id).get();\n    }\n}\n",
        ),
    ]);
}

#[test]
fn passwords_without_hash_are_found() {
    check(&[
        (
            Practice::PlainPassword,
            "a.php",
            "if (md5($data['password']) == $user['password']) {}\n",
            "if (password_verify($data['password'], $user['password'])) {}\n",
        ),
        (
            Practice::PlainPassword,
            "a.rb",
            "x = Digest::SHA1.hexdigest(data['password'])\n",
            "x = BCrypt::Password.create(data['password'])\n",
        ),
        (
            Practice::PlainPassword,
            "a.py",
            "def register(user):\n    db.add(User(email=user.email, password=user.password))\n",
            "def register(user):\n    db.add(User(email=user.email, password=hash_password(user.password)))\n",
        ),
        (
            Practice::PlainPassword,
            "a.ts",
            "class A {\n  async register(dto: D) {\n    return this.users.save({ email: dto.email, password: dto.password });\n  }\n}\n",
            "class A {\n  async register(dto: D) {\n    const password = await bcrypt.hash(dto.password, 10);\n    return this.users.save({ email: dto.email, password });\n  }\n}\n",
        ),
    ]);
}

#[test]
fn uploads_and_paths_of_callers_are_found() {
    check(&[
        (
            Practice::ClientPath,
            "a.php",
            "$f->move('/up', $f->getClientOriginalName());\n",
            "$f->move('/up', uniqid());\n",
        ),
        (
            Practice::ClientPath,
            "a.rb",
            "File.open(Rails.root.join('up', file.original_filename), 'wb')\n",
            "File.open(Rails.root.join('up', File.basename(file.original_filename)), 'wb')\n",
        ),
        (
            Practice::UploadSize,
            "A.java",
            "class A {\n    void up(MultipartFile file) {\n        file.getBytes();\n    }\n}\n",
            "class A {\n    void up(MultipartFile file) {\n        if (file.getSize() > MAX) throw x;\n        file.getBytes();\n    }\n}\n",
        ),
        (
            Practice::UploadSize,
            "a.cs",
            "public async Task A(IFormFile file)\n{\n    await file.CopyToAsync(s);\n}\n",
            "public async Task A(IFormFile file)\n{\n    if (file.Length > Max) return;\n    await file.CopyToAsync(s);\n}\n",
        ),
    ]);
}

#[test]
fn manifests_and_images_are_read() {
    check(&[
        (
            Practice::OpenStore,
            "docker-compose.yml",
            "environment:\n  - xpack.security.enabled=false\n",
            "environment:\n  - xpack.security.enabled=true\n",
        ),
        (
            Practice::LogLevel,
            "k8s.yaml",
            "data:\n  LOG_LEVEL: debug\n",
            "data:\n  LOG_LEVEL: info\n",
        ),
        (
            Practice::SettingCredential,
            "k8s.yaml",
            "kind: ConfigMap\ndata:\n  DB_PASSWORD: hunter22\n",
            "kind: ConfigMap\ndata:\n  DB_HOST: db\n",
        ),
        (
            Practice::Privileges,
            "k8s.yaml",
            "spec:\n  type: NodePort\n  ports:\n    - port: 5432\n",
            "spec:\n  type: ClusterIP\n  ports:\n    - port: 5432\n",
        ),
        (
            Practice::Privileges,
            "nginx.conf",
            "user root;\n",
            "user nginx;\n",
        ),
        (
            Practice::FixedVersion,
            "Dockerfile",
            "FROM php:8\nRUN composer install\n",
            "FROM php:8\nCOPY composer.json composer.lock ./\nRUN composer install\n",
        ),
    ]);
}

#[test]
fn answers_of_login_reveal_accounts_in_each_language() {
    check(&[
        (
            Practice::AccountEnumeration,
            "a.php",
            "class A {\n    public function login($r)\n    {\n        return ['error' => 'User not found'];\n    }\n}\n",
            "class A {\n    public function login($r)\n    {\n        return ['error' => 'Invalid credentials'];\n    }\n}\n",
        ),
        (
            Practice::AccountEnumeration,
            "a.go",
            "func login() {\n\tc.JSON(404, gin.H{\"error\": \"user not found\"})\n}\n",
            "func show() {\n\tc.JSON(404, gin.H{\"error\": \"user not found\"})\n}\n",
        ),
    ]);
}
