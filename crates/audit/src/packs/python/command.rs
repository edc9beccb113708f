//! Gunicorn, Uvicorn and Hypercorn as the command of an image: address, time limits, stop.

use std::ops::Range;

use crate::document::{Instruction, words};
use crate::model::facts::{Drain, Observation, Practice, Server, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::{listener, listener_of};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "commands of Python servers",
    reader: Reader::Containerfile(read),
};

fn read(_file: &SourceFile, instructions: &[Instruction], facts: &mut FactSink<'_>) {
    for instruction in instructions
        .iter()
        .filter(|instruction| matches!(instruction.keyword.as_str(), "CMD" | "ENTRYPOINT"))
    {
        let line: Vec<String> = words(&instruction.rest)
            .iter()
            .flat_map(|word| {
                word.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        let program = line.iter().position(|word| {
            matches!(
                word.rsplit('/').next(),
                Some("gunicorn" | "uvicorn" | "hypercorn" | "daphne" | "waitress-serve")
            )
        });
        let Some((name, options)) = program.and_then(|at| line.get(at..)?.split_first()) else {
            continue;
        };
        let name = name.rsplit('/').next().unwrap_or(name);
        command(name, options, instruction.span.clone(), facts);
    }
}

fn command(name: &str, options: &[String], span: Range<usize>, facts: &mut FactSink<'_>) {
    let framework = match name {
        "gunicorn" => "Gunicorn",
        "uvicorn" => "Uvicorn",
        "hypercorn" => "Hypercorn",
        "daphne" => "Daphne",
        _ => "Waitress",
    };
    facts.add(
        Server {
            framework,
            stops_by_itself: true,
        },
        span.clone(),
    );
    match name {
        "gunicorn" | "hypercorn" => {
            let address = option(options, &["--bind", "-b"])
                .map_or(Resolution::Known("127.0.0.1:8000".to_owned()), |bind| {
                    Resolution::Known(bind.to_owned())
                });
            facts.add(listener(address), span.clone());
        }
        "uvicorn" => {
            let host = option(options, &["--host"]).unwrap_or("127.0.0.1");
            let port = option(options, &["--port"]).unwrap_or("8000");
            facts.add(
                listener_of(
                    Resolution::Known(host.to_owned()),
                    Resolution::Known(port.to_owned()),
                ),
                span.clone(),
            );
            if let Some(seconds) = option(options, &["--timeout-graceful-shutdown"]) {
                drain(seconds.parse().ok(), span, facts);
            }
            return;
        }
        _ => return,
    }
    if name == "gunicorn" {
        gunicorn(options, span, facts);
    }
}

fn gunicorn(options: &[String], span: Range<usize>, facts: &mut FactSink<'_>) {
    // A settings file may override this.
    if option(options, &["--config", "-c"]).is_some() {
        return;
    }
    if let Some(seconds) = option(options, &["--graceful-timeout"]) {
        drain(seconds.parse().ok(), span.clone(), facts);
    }
    let endless = option(options, &["--timeout", "-t"]) == Some("0");
    let observation = Observation {
        practice: Practice::ServerTimeouts,
        elsewhere: "",
        verdict: if endless {
            Verdict::Minor
        } else {
            Verdict::Kept
        },
        evidence: if endless {
            "`--timeout 0` disables the worker timeout of Gunicorn".to_owned()
        } else {
            "Gunicorn ends a worker that hangs (`--timeout`, default 30 s)".to_owned()
        },
    };
    facts.add(observation, span);
}

fn drain(seconds: Option<u64>, span: Range<usize>, facts: &mut FactSink<'_>) {
    let seconds = seconds.map_or_else(
        || Resolution::Unknown("the time is a setting".to_owned()),
        Resolution::Known,
    );
    facts.add(Drain { seconds }, span);
}

/// `--port 80`, `--port=80`, `-b:80`.
fn option<'o>(options: &'o [String], names: &[&str]) -> Option<&'o str> {
    options.iter().enumerate().find_map(|(at, word)| {
        names.iter().find_map(|name| {
            let rest = word.strip_prefix(name)?;
            if rest.is_empty() {
                options.get(at + 1).map(String::as_str)
            } else if let Some(value) = rest.strip_prefix('=') {
                Some(value)
            } else {
                (!name.starts_with("--")).then_some(rest)
            }
        })
    })
}
