//! Places that readers of a sample rejected, and kinds of which they rejected most.

use super::{check, verdicts};
use crate::model::facts::{Practice, Verdict};

#[test]
fn rejected_places_are_left_out() {
    check(&[
        (
            Practice::ErrorResponse,
            "read.go",
            "func read(w http.ResponseWriter) {\n\torder, err := store.GetOrder(id)\n\tif err != nil {\n\t\thttp.Error(w, \"\", http.StatusNotFound)\n\t\treturn\n\t}\n\tshow(w, order)\n}\n",
            "func read(w http.ResponseWriter) {\n\torder, err := store.GetOrder(id)\n\tif err != nil {\n\t\tif err == storage.ErrNotFound {\n\t\t\thttp.NotFound(w, request)\n\t\t\treturn\n\t\t}\n\t\tfail(w, err)\n\t\treturn\n\t}\n\tshow(w, order)\n}\n",
        ),
        (
            Practice::CodeCredential,
            "metrics.yml",
            "password: ${STORE_PASS:letmein}\n",
            "password: ${env:STORE_PASS}\n",
        ),
        (
            Practice::OpenByDefault,
            "views.py",
            "@csrf_exempt\n@require_POST\ndef pay(request):\n    pass\n",
            "@csrf_exempt\n@authorize\ndef pay(request):\n    pass\n",
        ),
        (
            Practice::OpenByDefault,
            "views.py",
            "@csrf_exempt\n@api_view([\"POST\"])\n@transaction.atomic\ndef pay(request):\n    pass\n",
            "@csrf_exempt\n@require_auth\ndef pay(request):\n    pass\n",
        ),
        (
            Practice::OpenByDefault,
            "views.py",
            "@csrf_exempt\r\ndef pay(request):\r\n    pass\r\n",
            "@csrf_exempt\r\n@authorize\r\ndef pay(request):\r\n    pass\r\n",
        ),
        (
            Practice::MassAssignment,
            "users.py",
            "def create(payload):\n    return Order(**payload)\n",
            "def claims(token):\n    payload = jwt.decode(token, key)\n    return Claims(**payload)\n",
        ),
        (
            Practice::MassAssignment,
            "users.py",
            "def caller(token):\n    return jwt.decode(token, key)\n\n\ndef create():\n    data = request.get_json()\n    return User(**data)\n",
            "def caller(token):\n    payload = jwt.decode(token, key)\n    return User(**payload)\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "numbers.py",
            "def number(db):\n    return db.execute(\"SELECT MAX(number) + 1 FROM orders\")\n",
            "def seed(db):\n    db.execute(\"SELECT setval('numbers', (SELECT MAX(number) + 1 FROM orders))\")\n",
        ),
    ]);
}

/// A practice, a path, and a text that only shows a guess.
type Guess = (Practice, &'static str, &'static str);

const GUESSES: &[Guess] = &[
    (
        Practice::RequestPanic,
        "service.go",
        "func (s *Service) Read() {\n\tpanic(err)\n}\n",
    ),
    (
        Practice::UncheckedSecret,
        "config.go",
        "type Config struct {\n\tJWTSecret string\n}\n",
    ),
    (
        Practice::PoolBounds,
        "store.rs",
        "let pool = PgPoolOptions::new().connect(url).await?;\n",
    ),
    (
        Practice::PoolBounds,
        "application.yml",
        "spring:\n  jpa:\n    show-sql: true\n",
    ),
    (
        Practice::TokenAlgorithm,
        "tokens.ts",
        "const claims = jwt.verify(token, key);\n",
    ),
    (
        Practice::SettingCredential,
        "compose.yml",
        "  cache:\n    image: redis:7\n",
    ),
    (Practice::ServerTimeouts, "app.py", "app.run(host)\n"),
    (
        Practice::ErrorResponse,
        "store.go",
        "if strings.Contains(err.Error(), \"no rows\") {\n",
    ),
    (
        Practice::UnsafeInput,
        "mails.ts",
        "const bodyHtml = `<p>${name}</p>`;\n",
    ),
    (
        Practice::MassAssignment,
        "handler.go",
        "var order model.Order\nif err := c.ShouldBindJSON(&order); err != nil {\n",
    ),
    (
        Practice::RequestContext,
        "keys.go",
        "option(func(context.Context) string {\n\treturn key\n})\n",
    ),
    (
        Practice::TokenLifetime,
        "invitations.rs",
        "let until = now + Duration::days(30);\n",
    ),
    (
        Practice::InternalError,
        "report.py",
        "def run(text):\n    try:\n        load(text)\n    except Exception as e:\n        error = str(e)\n    return error\n",
    ),
    (
        Practice::InternalError,
        "server.go",
        "return nil, status.Errorf(codes.Internal, \"cannot read: %v\", err)\n",
    ),
    (
        Practice::OpenByDefault,
        "views.py",
        "@csrf_exempt\ndef pay(request):\n    pass\n",
    ),
];

#[test]
fn kinds_that_readers_reject_are_guesses() {
    for (practice, path, text) in GUESSES {
        let found = verdicts(path, text, *practice);
        let all = found.iter().all(|verdict| *verdict == Verdict::Guess);
        assert!(
            !found.is_empty() && all,
            "{practice:?} {path} {text}: {found:?}"
        );
    }
}
