//! The command `deploy`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use seaworthy_deploy::{differences, read_overlay, render, write};
use seaworthy_facts::Facts;

use crate::{
    arguments::DeployCommand,
    exit::Exit,
    terminal::{print, print_error},
};

/// Runs one step.
pub(crate) fn run(command: &DeployCommand) -> Exit {
    let DeployCommand::Render { facts, out, check } = command;
    match render_files(facts, out, *check) {
        Ok(exit) => exit,
        Err((problem, exit)) => print_error(&problem, exit),
    }
}

fn render_files(facts: &[PathBuf], out: &Path, check: bool) -> Result<Exit, (String, Exit)> {
    let usage = |problem: String| (problem, Exit::Usage);
    let unreadable = |error: std::io::Error| (error.to_string(), Exit::Incomplete);
    let mut services = Vec::new();
    for path in facts {
        let text = fs::read_to_string(path)
            .map_err(|error| (format!("{}: {error}", path.display()), Exit::Incomplete))?;
        let read = Facts::from_json(&text);
        services.push(read.map_err(|error| usage(format!("{}: {error}", path.display())))?);
    }
    let overlay = read_overlay(out).map_err(|error| usage(error.to_string()))?;
    let files = render(&services, &overlay).map_err(|error| usage(error.to_string()))?;
    if !check {
        write(out, &files).map_err(unreadable)?;
        let text = format!("{} files are written to {}\n", files.len(), out.display());
        return print(&text)
            .map(|()| Exit::Clean)
            .map_err(|error| (error.to_string(), Exit::Incomplete));
    }
    let different = differences(out, &files).map_err(unreadable)?;
    if different.is_empty() {
        return Ok(Exit::Clean);
    }
    let problem = format!(
        "{} files differ from the facts, run the command again without --check: {}",
        different.len(),
        different.join(", ")
    );
    Err((problem, Exit::Threshold))
}
