//! The image starts a development server.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.development-server",
        title: "The image starts a development server",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "The command of the shipped stage reloads or compiles at startup, or is a development server: `flask run` without a production server, `manage.py runserver`, `nodemon`, `ts-node-dev`, `npm run dev`, `next dev`, `vite`, `uvicorn --reload`, `go run`, `air`, `cargo run`. Development files and targets are excluded.",
        why: "A development server is slow, may serve one request at a time, returns tracebacks, and restarts when a file changes.",
        fix: &[(
            "any",
            "Build in the image, and start the result. For Python use Gunicorn, or Uvicorn without `--reload`.",
        )],
        references: &[
            "https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver",
            "https://flask.palletsprojects.com/en/stable/deploying/",
        ],
    },
    check: Check::Service(check),
};

/// Commands of development, as words in a row.
const COMMANDS: &[&str] = &[
    "flask run",
    "manage.py runserver",
    "nodemon",
    "ts-node-dev",
    "tsx watch",
    "npm run dev",
    "yarn dev",
    "pnpm dev",
    "pnpm run dev",
    "yarn run dev",
    "next dev",
    "vite dev",
    "uvicorn --reload",
    "--reload",
    "go run",
    "cargo run",
    "cargo watch",
    "fastapi dev",
    "webpack-dev-server",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = service
        .image
        .as_ref()
        .filter(|image| image.at.role.is_deployed())
    else {
        return Vec::new();
    };
    let target = service.target.as_deref();
    if target.is_some_and(|target| target.contains("dev")) {
        return Vec::new();
    }
    let Some(stage) = image.final_stage(target) else {
        return Vec::new();
    };
    // Only developers use a last stage for development.
    if stage
        .name
        .as_deref()
        .is_some_and(|name| name.contains("dev") || name.contains("test"))
    {
        return vec![Outcome::unknown(
            "the last stage is for development, and the repository does not show which stage is shipped",
        )];
    }
    let words: Vec<&str> = image
        .lineage(stage)
        .into_iter()
        .map(|stage| {
            if stage.command.is_empty() {
                &stage.entrypoint
            } else {
                &stage.command
            }
        })
        .find(|words| !words.is_empty())
        .map(|words| words.iter().map(String::as_str).collect())
        .unwrap_or_default();
    let line = words.join(" ");
    let Some(at) = model.location(&image.at.path, stage.span.clone(), None) else {
        return Vec::new();
    };
    if line.is_empty() {
        return Vec::new();
    }
    match COMMANDS
        .iter()
        .find(|command| contains_words(&line, command))
    {
        Some(command) => vec![
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage starts `{command}`"),
            )
            .into(),
        ],
        None => vec![Outcome::passed(
            "the image does not start a development server",
            Some(&at),
        )],
    }
}

fn contains_words(line: &str, command: &str) -> bool {
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .collect();
    let wanted: Vec<&str> = command.split(' ').collect();
    words
        .windows(wanted.len())
        .any(|window| window == wanted.as_slice())
}
