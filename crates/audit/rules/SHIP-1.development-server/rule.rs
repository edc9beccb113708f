//! The image starts a development server.

use crate::model::facts::{ComposeService, Script, is_store_image};
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity,
    low_in_development_images,
};
use crate::source::{Located, Location};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.development-server",
        title: "The image starts a development server",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "The command of the shipped stage reloads or compiles at startup, or is a development server: `flask run` without a production server, `manage.py runserver`, `nodemon`, `ts-node-dev`, `npm run dev`, `next dev`, `vite`, `uvicorn --reload`, `go run`, `air`, `cargo run`. The rule looks up `npm start` and `npm run X` in `package.json`, and reads shell scripts. It searches a file that `python` starts for the server of Flask. Commands of compose entries count too, and entries that mount the folder of their sources over the code of the image. Development files and targets are excluded. Low for a Dockerfile that only a compose file for development builds.",
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
/// Programs that build and start again whenever a file changes, as compose entries run them.
const WATCHERS: &[&str] = &["modd", "watchmedo", "CompileDaemon", "entr", "concurrently"];
/// Managers of packages, whose `start` and `run X` name a script of the manifest.
const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun"];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = low_in_development_images(model, in_image(model, service));
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed() && entry.profiles.is_empty())
    {
        outcomes.extend(in_entry(model, entry));
    }
    outcomes
}

/// Folders of images that contain the code.
const CODE_FOLDERS: &[&str] = &[
    "/app",
    "/usr/src/app",
    "/usr/app",
    "/code",
    "/src",
    "/srv/app",
    "/home/node/app",
    "/var/www",
    "/var/www/html",
    "/workspace",
    "/go/src/app",
];

/// The command of a compose entry, and a folder of sources that replaces the code of the image.
fn in_entry(model: &Model, entry: &Located<ComposeService>) -> Vec<Outcome> {
    let place = |span: &std::ops::Range<usize>| {
        model.location(&entry.at.path, span.clone(), Some(&entry.name))
    };
    let mut outcomes = Vec::new();
    let line = entry.command.join(" ");
    let command = COMMANDS
        .iter()
        .chain(WATCHERS)
        .find(|command| contains_words(&line, command));
    let at = entry.command_span.as_ref().and_then(place);
    if let (Some(command), Some(at)) = (command, at) {
        outcomes.push(
            Breach::new(
                at,
                Confidence::High,
                format!("`{}` starts `{command}`", entry.name),
            )
            .into(),
        );
    }
    let image = entry.image.as_deref().unwrap_or_default();
    let sources = entry.volumes.iter().find(|(volume, _)| {
        let mut parts = volume.split(':');
        let (Some(source), Some(target)) = (parts.next(), parts.next()) else {
            return false;
        };
        let whole = matches!(source, "." | "./" | "$PWD" | "${PWD}");
        let built = entry.context.as_deref().is_some_and(|context| {
            !context.is_empty()
                && source.starts_with('.')
                && source.trim_start_matches("./").trim_end_matches('/') == context
        });
        let mounted = source.starts_with('.')
            && !source.trim_matches(['.', '/']).is_empty()
            && !source
                .rsplit('/')
                .next()
                .is_some_and(|last| last.trim_start_matches('.').contains('.'))
            && CODE_FOLDERS.contains(&target.trim_end_matches('/'))
            && !is_store_image(image);
        let code = !target.starts_with("/etc") && !target.starts_with("/var/lib");
        code && (built || mounted || whole && (entry.context.is_some() || !is_store_image(image)))
    });
    if let Some((_, span)) = sources
        && let Some(at) = place(span)
    {
        outcomes.push(
            Breach::new(
                at,
                Confidence::Medium,
                format!(
                    "`{}` mounts the folder of its sources over the code of the image",
                    entry.name
                ),
            )
            .into(),
        );
    }
    outcomes
}

fn in_image(model: &Model, service: &Service) -> Vec<Outcome> {
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
    if let Some((command, place)) = in_script(model, &folders, &words) {
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

/// Returns the command of `npm start`, and its place in the manifest.
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

/// A development server that a shell script of the repository starts, directly or by the scripts of
/// `package.json`.
fn in_script(
    model: &Model,
    folders: &[String],
    words: &[&str],
) -> Option<(&'static str, Location)> {
    let script = words.iter().find(|word| word.ends_with(".sh"))?;
    let name = script.rsplit('/').next()?;
    let found = folders
        .iter()
        .find_map(|folder| model.files.get(beside(folder, name).as_str()))?;
    let mut start = 0;
    for line in found.file.text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        if line.trim_start().starts_with('#') {
            continue;
        }
        if let Some(command) = server_of(model, folders, line, MAX_SCRIPTS) {
            return Some((command, found.file.location(span, None)));
        }
    }
    None
}

/// Scripts that start scripts are followed this often.
const MAX_SCRIPTS: usize = 3;

fn server_of(model: &Model, folders: &[String], line: &str, steps: usize) -> Option<&'static str> {
    let line = line.replace(['"', '\'', '\\'], " ");
    let direct = COMMANDS
        .iter()
        .find(|command| contains_words(&line, command))
        .copied();
    direct.or_else(|| {
        let steps = steps.checked_sub(1)?;
        let words: Vec<&str> = line.split_whitespace().collect();
        words
            .iter()
            .enumerate()
            .filter(|(_, word)| MANAGERS.contains(word))
            .find_map(|(at, _)| {
                let rest = words.get(at..)?.join(" ");
                let (script, _) = script_of(model, folders, &rest)?;
                server_of(model, folders, &script, steps)
            })
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
