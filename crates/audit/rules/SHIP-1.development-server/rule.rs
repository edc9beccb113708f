//! The image starts a development server.

use crate::model::facts::Script;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.development-server",
        title: "The image starts a development server",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "The command of the shipped stage reloads or compiles at startup, or is a development server: `flask run` without a production server, `manage.py runserver`, `nodemon`, `ts-node-dev`, `npm run dev`, `next dev`, `vite`, `uvicorn --reload`, `go run`, `air`, `cargo run`. `npm start` and `npm run X` are looked up in `package.json`, and a file that `python` starts is searched for the server of Flask. Development files and targets are excluded.",
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
    "webpack serve",
    "react-scripts start",
    "vue-cli-service serve",
    "ng serve",
    "dev-server.js",
    "nest start --watch",
    "node --watch",
    "air",
    "reflex",
];
/// Managers of packages, whose `start` and `run X` name a script of the manifest.
const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun"];

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
    let start = image
        .lineage(stage)
        .into_iter()
        .find_map(|stage| stage.start.clone())
        .unwrap_or_else(|| stage.span.clone());
    let Some(at) = model.location(&image.at.path, start, None) else {
        return Vec::new();
    };
    if line.is_empty() {
        return Vec::new();
    }
    let folders = folders(service, &image.at.path);
    if let Some((script, place)) = script_of(model, &folders, &line)
        && let Some(command) = COMMANDS
            .iter()
            .find(|command| contains_words(&script, command))
    {
        return vec![
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage runs a script that starts `{command}`"),
            )
            .related([place])
            .into(),
        ];
    }
    if let Some(place) = flask_server(model, &folders, &line) {
        return vec![
            Breach::new(
                at,
                Confidence::Medium,
                "the shipped stage starts a file that runs the development server of Flask",
            )
            .related([place])
            .into(),
        ];
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

/// The folders in which the files of a command may be: of the image, of its contexts, of the code.
fn folders(service: &Service, dockerfile: &str) -> Vec<String> {
    let own = dockerfile
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned();
    service
        .compose
        .iter()
        .filter_map(|entry| entry.context.clone())
        .chain([own])
        .chain(service.root.clone())
        .collect()
}

fn beside(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The command behind `npm start`, and where the manifest holds it.
fn script_of(model: &Model, folders: &[String], line: &str) -> Option<(String, Location)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| MANAGERS.contains(word))?;
    let name = match words.get(at + 1..)? {
        ["run" | "run-script", name, ..] => name,
        [name, ..] => name,
        [] => return None,
    };
    folders.iter().find_map(|folder| {
        let found = model.files.get(beside(folder, "package.json").as_str())?;
        let scripts = found.facts.of::<Script>();
        let script = scripts.items.iter().find(|script| script.name == *name)?;
        Some((script.command.clone(), script.at.clone()))
    })
}

/// `app.run(` in the file that `python FILE` starts.
fn flask_server(model: &Model, folders: &[String], line: &str) -> Option<Location> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let python = words.iter().position(|word| {
        word.rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("python"))
    })?;
    let file = words
        .get(python + 1..)?
        .iter()
        .find(|word| word.ends_with(".py"))?;
    let name = file.rsplit('/').next()?;
    folders.iter().find_map(|folder| {
        let found = model
            .files
            .get(beside(folder, name).as_str())
            .or_else(|| model.files.get(beside(folder, file).as_str()))?;
        let text: &str = &found.file.text;
        let at = text
            .find("\n    app.run(")
            .or_else(|| text.find("\napp.run("))
            .or_else(|| text.find("\n    application.run("))?;
        let flask = text.contains("Flask") && !text.contains("waitress");
        flask.then(|| found.file.location(at + 1..at + 10, None))
    })
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
