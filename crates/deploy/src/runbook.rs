//! One page per alert: its meaning, the triage, and the commands of each service.

use std::fmt::Write as _;

use seaworthy_facts::{Facts, Listener};

use crate::{
    Files, HEADER, Overlay,
    alert::{self, Alert, Rendered, TriageStep},
};

/// Returns the address of the page of an alert.
pub(crate) fn address(name: &str, overlay: &Overlay) -> String {
    match &overlay.runbook_url {
        Some(url) => format!("{}/{}", url.trim_end_matches('/'), page(name)),
        None => format!("runbooks/{}", page(name)),
    }
}

fn page(name: &str) -> String {
    let mut page = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !page.is_empty() {
            page.push('-');
        }
        page.push(letter.to_ascii_lowercase());
    }
    page + ".md"
}

/// Adds `runbooks/ALERT.md` for every alert of a service.
pub(crate) fn render(services: &[Facts], overlay: &Overlay, files: &mut Files) {
    let mut pages: Vec<(&'static Alert, Vec<(&Facts, Rendered)>)> = Vec::new();
    for facts in services {
        for rendered in alert::of_service(facts, overlay) {
            let known = pages
                .iter_mut()
                .find(|(alert, _)| alert.name == rendered.alert.name);
            match known {
                Some((_, services)) => services.push((facts, rendered)),
                None => pages.push((rendered.alert, vec![(facts, rendered)])),
            }
        }
    }
    for (alert, services) in pages {
        let path = format!("runbooks/{}", page(alert.name));
        files.insert(path, document(alert, &services, overlay));
    }
}

fn document(alert: &Alert, services: &[(&Facts, Rendered)], overlay: &Overlay) -> String {
    let mut text = format!(
        "<!-- {HEADER} -->\n\n# {}\n\n{}\n",
        alert.name, alert.meaning
    );
    text.push_str("\n## Causes\n\n");
    for cause in alert.causes {
        let _ = writeln!(text, "- {cause}");
    }
    text.push_str("\n## Triage\n\n");
    text.push_str(
        "Open the dashboard of the service. Then run the commands of the service below:\n\n",
    );
    for (number, step) in alert.triage.iter().enumerate() {
        let (TriageStep::Open(_, purpose)
        | TriageStep::Admin(_, purpose)
        | TriageStep::Command(_, purpose)) = step;
        let _ = writeln!(text, "{}. {}.", number + 1, capital(purpose));
    }
    text.push_str("\n## Escalation\n\n");
    let _ = writeln!(
        text,
        "If these steps do not show a cause within 15 minutes, call: {}.",
        overlay.escalation.trim_end_matches('.')
    );
    text.push_str("\n## Services\n");
    for (facts, rendered) in services {
        let _ = write!(
            text,
            "\n### {}\n\nSeverity `{}`, after {}. Condition:\n\n```promql\n{}\n```\n\n```sh\n{}```\n",
            facts.name,
            rendered.severity.name(),
            rendered.wait,
            rendered.expression,
            commands(alert, facts)
        );
    }
    text
}

/// Returns the text with a capital first letter. A name in code form keeps its case.
fn capital(text: &str) -> String {
    let first_word = text.split(' ').next().unwrap_or_default();
    if first_word.contains(['`', '_']) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + letters.as_str(),
        None => String::new(),
    }
}

/// Returns the commands of the triage for one service, one per line.
fn commands(alert: &Alert, facts: &Facts) -> String {
    let name = &facts.name;
    let mut text = String::new();
    if let Some(Listener { port, .. }) = facts.listener("admin") {
        let _ = writeln!(
            text,
            "kubectl port-forward deployment/{name} {port}:{port} &"
        );
    }
    for step in alert.triage {
        let command = match step {
            TriageStep::Open(path, _) => curl(facts, path, ""),
            TriageStep::Admin(path, _) => {
                curl(facts, path, "-H \"authorization: Bearer $ADMIN_TOKEN\" ")
            }
            TriageStep::Command(command, _) => {
                let first = command.split(' ').next().unwrap_or_default();
                let is_own = first != "config";
                let known = !is_own || facts.has_command(first);
                known.then(|| {
                    format!(
                        "kubectl exec deployment/{name} -- /service {command} --config /etc/{name}"
                    )
                })
            }
        };
        if let Some(command) = command {
            text.push_str(&command);
            text.push('\n');
        }
    }
    text
}

/// Returns the request to a path of the admin listener.
fn curl(facts: &Facts, path: &str, header: &str) -> Option<String> {
    let admin = facts.listener("admin")?;
    let (scheme, insecure) = if admin.tls {
        ("https", "--insecure ")
    } else {
        ("http", "")
    };
    Some(format!(
        "curl --silent {insecure}{header}{scheme}://127.0.0.1:{}{path}",
        admin.port
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capital_keeps_the_case_of_names_ship_4() {
        for (text, expected) in [
            ("slow dependencies", "Slow dependencies"),
            (
                "the number of `pending` events",
                "The number of `pending` events",
            ),
            (
                "`concurrency_limit` and more",
                "`concurrency_limit` and more",
            ),
            ("process_open_fds", "process_open_fds"),
            ("", ""),
        ] {
            assert_eq!(capital(text), expected);
        }
    }

    #[test]
    fn page_has_the_name_of_its_alert_ship_4() {
        assert_eq!(page("OutboxDeadLetters"), "outbox-dead-letters.md");
        let overlay = Overlay {
            runbook_url: Some("https://wiki.example.org/r/".to_owned()),
            ..Overlay::default()
        };
        let address = address("Panics", &overlay);
        assert_eq!(address, "https://wiki.example.org/r/panics.md");
    }
}
