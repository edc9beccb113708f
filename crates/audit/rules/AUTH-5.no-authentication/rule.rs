//! A service that changes data authenticates no caller.

use crate::model::facts::{Route, Server};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Language;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.no-authentication",
        title: "A service that changes data authenticates no caller",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A server has routes for POST, PUT, PATCH or DELETE, and its code does not mention authentication (`auth`, `jwt`, `token`, `session`, `apikey`). Low confidence, because a gateway or the network may protect the service.",
        why: "Everyone who reaches the service can change its data.",
        fix: &[(
            "any",
            "Verify a signed token or a client certificate in the service, and deny by default.",
        )],
        references: &[
            "https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/",
        ],
    },
    check: Check::Service(check),
};

const WORDS: &[&str] = &[
    "auth",
    "jwt",
    "token",
    "session",
    "apikey",
    "api_key",
    "api-key",
    "passport",
    "credential",
    "clientca",
    "peercert",
    "permission",
];

/// Removes comments, connections of stores that authenticate the service itself, settings of CORS,
/// and authors, whose name begins like authentication.
fn without_authors(text: &str) -> String {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| {
            let start = line.trim_start();
            !["//", "/*", "*", "#"]
                .iter()
                .any(|mark| start.starts_with(mark))
        })
        .collect();
    code.join("\n")
        .replace(".authenticate()", "")
        .replace("credentials: true", "")
        .replace("allowcredentials", "")
        .replace("allow_credentials", "")
        .replace("credentials/insecure", "")
        .replace("insecure.newcredentials", "")
        .replace("cancellationtoken", "")
        .replace("unauthori", "")
        // The state of a payment.
        .replace("authorized", "")
        .replace("payment authorization", "")
        .replace("authoris", "auth")
        .replace("authoriz", "auth")
        .replace("authorit", "auth")
        .replace("author", "")
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    let routes = service.facts.of::<Route>();
    let mut changing = routes
        .deployed()
        .filter(|route| matches!(route.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE"));
    let Some(route) = changing.next() else {
        return without_routes(model, service);
    };
    let guarded = service.files.iter().any(|path| {
        model.files.get(path).is_some_and(|found| {
            let mut lower = without_authors(&found.file.text.to_lowercase());
            // A session of SQLAlchemy is a connection of the database.
            if found.file.language == Language::Python && !lower.contains("request.session") {
                lower = lower
                    .replace("sessionmiddleware", "auth")
                    .replace("session", "");
            }
            found.file.language.is_code() && WORDS.iter().any(|word| lower.contains(word))
        })
    });
    vec![if guarded {
        Outcome::passed("the code of the service mentions authentication", None)
    } else {
        Breach::new(
            route.at.clone(),
            Confidence::Low,
            "the service changes data, and its code contains no word of authentication",
        )
        .related(changing.map(|route| route.at.clone()))
        .absence()
        .into()
    }]
}

/// Parts of the text of a program that changes data for a caller.
const CHANGES: &[&str] = &[
    "->post(",
    "::post(",
    "->delete(",
    "methods={\"post",
    "methods: ['post",
    "methods: [post",
    "\npost '",
    "\n  post '",
    "resources :",
    "[httppost",
    "mappost(",
    "request_method",
    "$_post",
];

/// A server whose routes are read as text.
fn without_routes(model: &Model, service: &Service) -> Vec<Outcome> {
    let text = service
        .languages
        .iter()
        .any(|language| matches!(*language, "PHP" | "Ruby" | "C#"));
    let servers = service.facts.of::<Server>();
    let Some(server) = servers.deployed().next().filter(|_| text) else {
        return Vec::new();
    };
    let texts: Vec<String> = model
        .files_of(service)
        .filter(|found| found.file.language.is_text_code())
        .map(|found| without_authors(&found.file.text.to_lowercase()))
        .collect();
    let any = |words: &[&str]| {
        texts
            .iter()
            .any(|text| words.iter().any(|word| text.contains(word)))
    };
    if !any(CHANGES) || any(WORDS) {
        return Vec::new();
    }
    vec![
        Breach::review(
            server.at.clone(),
            "the service changes data, and its code contains no word of authentication",
        )
        .absence()
        .into(),
    ]
}
