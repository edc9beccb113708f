//! The health check runs a program that the image does not contain.

use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-1.probe-tool",
        title: "The health check runs a program that the image does not contain",
        severity: Severity::Critical,
        category: Category::Health,
        meaning: "A `HEALTHCHECK` or compose health check runs `curl`, `wget`, `nc` or an absolute path. The contents of the base image are known, and no layer adds the program. If the base image is not known, the result is unknown, except for images of ASP.NET (low confidence).",
        why: "The container is always unhealthy. Compose does not start dependent services, and Swarm restarts it repeatedly.",
        fix: &[(
            "any",
            "Install the tool in the final stage, use one that exists (busybox `wget` on Alpine), or add a health command to the program: `HEALTHCHECK CMD [\"/app\", \"health\"]`.",
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
    let mut probes = Vec::new();
    if let Some(check) = image.healthcheck(target) {
        probes.push((
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
            probes.push((command.as_slice(), entry.at.path.clone(), span.clone()));
        }
    }
    let mut outcomes = Vec::new();
    for (command, path, span) in probes {
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
                    "the health check runs `{program}`, which neither `{base}` nor a later layer contains"
                ),
            )
            .into(),
            // Images of ASP.NET have neither tool, and teams name their own after them.
            Resolution::Unknown(_) if base.contains("aspnet") => Breach::review(
                at,
                format!("the health check runs `{program}`, which ASP.NET images do not contain"),
            )
            .into(),
            Resolution::Unknown(reason) => Outcome::unknown(reason),
        });
    }
    outcomes
}
