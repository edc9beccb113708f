//! One page per alert: its meaning, the triage, and the commands of each service.

use std::fmt::Write as _;

use seaworthy_facts::{Facts, Listener};

use crate::{
    Files, HEADER, Overlay,
    alert::{self, Alert, Rendered, TriageStep},
};

/// The setting of the token of the admin listener.
const TOKEN: &str = "admin.token";
const TOKEN_HEADER: &str = "-H \"authorization: Bearer $ADMIN_TOKEN\" ";

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
        "Open the dashboard of the service. Then run the commands of the service below in the namespace of the alert. They list its pods, and print their recent log lines.",
    );
    let has_instance = services
        .iter()
        .all(|(_, rendered)| keeps_instance(&rendered.expression));
    let pod = if has_instance {
        text.push_str(" The label `instance` of an alert has the IP address of its pod.");
        "this pod"
    } else {
        "one pod"
    };
    if queries_a_pod(alert) {
        let _ = write!(
            text,
            " To query {pod}, replace `deployment/NAME` with `pod/POD`. The port-forward keeps its port: run `kill %kubectl` before you query another pod."
        );
    }
    text.push_str("\n\n");
    for (number, step) in alert.triage.iter().enumerate() {
        let _ = writeln!(text, "{}. {}.", number + 1, capital(step.purpose()));
    }
    text.push_str("\n## Escalation\n\n");
    let _ = writeln!(
        text,
        "If you do not find the cause within 15 minutes, contact: {}.",
        overlay.escalation.trim_end_matches('.')
    );
    text.push_str("\n## Services\n");
    for (facts, rendered) in services {
        let _ = write!(
            text,
            "\n### {}\n\nSeverity `{}`, after {}. Condition:\n\n```promql\n{}\n```\n\n```sh\n{}```\n",
            facts.name,
            rendered.severity.name(),
            rendered.for_duration,
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

/// Whether the alerts of an expression have the label `instance`. Recording rules (`job:…`) and
/// aggregations that do not list the label remove it.
fn keeps_instance(expression: &str) -> bool {
    let mut lists = expression.split(" by (").skip(1);
    !expression.contains("job:")
        && lists.all(|rest| {
            let labels = rest.split(')').next().unwrap_or_default();
            labels.split(", ").any(|label| label == "instance")
        })
}

/// Whether a step needs a pod that runs.
fn queries_a_pod(alert: &Alert) -> bool {
    let mut steps = alert.triage.iter();
    steps.any(|step| !matches!(step, TriageStep::Kubectl(..)))
}

/// Returns the commands of the triage for one service, one per line.
fn commands(alert: &Alert, facts: &Facts) -> String {
    let name = &facts.name;
    let mut text = preparation(alert, facts);
    if let Some(Listener { port, .. }) = facts.listener("admin")
        && queries_a_pod(alert)
    {
        let _ = writeln!(
            text,
            "kubectl port-forward deployment/{name} {port}:{port} &"
        );
        // Wait for the port-forward. Only this call retries, because curl also retries status 503.
        let wait = "--retry 5 --retry-connrefused ";
        text.extend(curl(facts, "/livez", wait).map(|command| command + "\n"));
    }
    for step in alert.triage {
        let command = match step {
            TriageStep::Open(path, _) => curl(facts, path, ""),
            TriageStep::Admin(path, _) => {
                let header = facts.values.get(TOKEN).map(|_| TOKEN_HEADER);
                curl(facts, path, header.unwrap_or_default())
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
            TriageStep::Kubectl(arguments, _) => {
                Some(format!("kubectl {}", arguments.replace('%', name)))
            }
        };
        if let Some(command) = command {
            text.push_str(&command);
            text.push('\n');
        }
    }
    text
}

/// Returns the commands before the triage: the pods with their addresses, their log lines, and the
/// token of the admin listener.
fn preparation(alert: &Alert, facts: &Facts) -> String {
    let name = &facts.name;
    let pods = format!("--selector app.kubernetes.io/name={name}");
    let mut text = format!(
        "kubectl get pods {pods} --output wide\nkubectl logs {pods} --prefix --since=15m --tail=200\n"
    );
    let needs_token = alert
        .triage
        .iter()
        .any(|step| matches!(step, TriageStep::Admin(..)));
    let key = facts.values.get(TOKEN).and_then(|it| it.as_str());
    let key = key.and_then(|key| {
        let file = key.strip_prefix("file:/run/secrets/");
        file.or_else(|| key.strip_prefix("env:"))
    });
    if let Some(key) = key.filter(|_| needs_token) {
        let key = key.replace('.', "\\.");
        let _ = writeln!(
            text,
            "export ADMIN_TOKEN=$(kubectl get secret {name}-secrets --output jsonpath='{{.data.{key}}}' | base64 --decode)"
        );
    }
    text
}

/// Returns the request to a path of the admin listener. Each of the options ends with a space.
fn curl(facts: &Facts, path: &str, options: &str) -> Option<String> {
    let admin = facts.listener("admin")?;
    let (scheme, insecure) = if admin.tls {
        ("https", "--insecure ")
    } else {
        ("http", "")
    };
    Some(format!(
        "curl {options}--show-error --silent {insecure}{scheme}://127.0.0.1:{}{path}",
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
    fn aggregations_remove_the_instance_ship_4() {
        for (expression, expected) in [
            ("health_ready{job=\"a\"} == 0", true),
            ("min by (job, instance) (health_ready) == 0", true),
            (
                "max by (job, instance) (a) > 0 and sum by (job) (b) > 0",
                false,
            ),
            ("max by (job, group) (consumer_lag) > 1000", false),
            ("job:slo_burn_rate:rate1h{job=\"a\"} > 14.4", false),
        ] {
            assert_eq!(keeps_instance(expression), expected, "{expression}");
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
