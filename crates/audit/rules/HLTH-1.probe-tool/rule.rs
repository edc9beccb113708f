//! A health check by a tool that the image does not have.

use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-1.probe-tool",
        title: "The health check calls a program that the image does not contain",
        severity: Severity::Critical,
        category: Category::Health,
        meaning: "A `HEALTHCHECK` or compose health check calls `curl`, `wget`, `nc` or an absolute path. The base of the shipped stage is one whose content is known, no layer adds the program, and so the check can only fail. A base that is not known makes the answer unknown.",
        why: "The container is marked unhealthy for ever: compose never starts what waits for it, and Swarm kills it again and again.",
        fix: &[(
            "any",
            "Install the tool in the final stage, use one that is there (`wget` of busybox on Alpine), or let the program check itself: `HEALTHCHECK CMD [\"/app\", \"health\"]`.",
        )],
        references: &["https://docs.docker.com/reference/dockerfile/#healthcheck"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = &service.image else {
        return Vec::new();
    };
    let target = service.target.as_deref();
    let mut asked = Vec::new();
    if let Some(check) = image.healthcheck(target) {
        asked.push((
            check.command.as_slice(),
            image.at.path.clone(),
            check.span.clone(),
        ));
    }
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.context.is_some())
    {
        if let Some((command, span)) = &entry.healthcheck {
            asked.push((command.as_slice(), entry.at.path.clone(), span.clone()));
        }
    }
    let mut outcomes = Vec::new();
    for (command, path, span) in asked {
        let program = command.iter().find(|word| {
            !matches!(
                word.as_str(),
                "sh" | "/bin/sh" | "-c" | "bash" | "/bin/bash" | "exec"
            )
        });
        // `sh -c "curl -f …"` carries the program inside the word.
        let Some(program) = program.and_then(|word| word.split_whitespace().next()) else {
            continue;
        };
        let Some(at) = model.location(&path, span, None) else {
            continue;
        };
        let base = image.outer_base(target).unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or(program);
        let found = if program.starts_with('/') && !matches!(name, "curl" | "wget" | "nc") {
            image.has_file(target, program)
        } else {
            image.has_tool(target, name)
        };
        outcomes.push(match found {
            Resolution::Known(()) => {
                Outcome::passed(format!("`{program}` is in the image"), Some(&at))
            }
            Resolution::Absent => Breach::new(
                at,
                Confidence::High,
                format!(
                    "the check calls `{program}`; neither `{base}` nor a layer above it has it"
                ),
            )
            .into(),
            Resolution::Unknown(reason) => Outcome::unknown(reason),
        });
    }
    outcomes
}
