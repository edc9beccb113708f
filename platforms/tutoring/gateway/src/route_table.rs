seaworthy::named! {
    /// A service to which the gateway forwards requests, with the name of its HTTP client in the
    /// settings. The order is that of the default ports.
    pub enum Upstream {
        /// Accounts of students.
        StudentAuth = "student_auth",
        /// Accounts of trainers.
        TrainerAuth = "trainer_auth",
        /// Profiles of students.
        Student = "student",
        /// Profiles of trainers.
        Trainer = "trainer",
        /// Courses, purchases and progress.
        Course = "course",
        /// Notifications and device tokens.
        Notification = "notification",
        /// Payments and coins.
        Payment = "payment",
        /// Chat and doubts.
        Chat = "chat",
        /// Analytics.
        Analytics = "analytics",
        /// Administrators.
        Admin = "admin",
        /// Prices, allocations and sessions.
        Booking = "booking",
    }
}

/// The first segments of paths under `/api/v1` and their services. The first match counts, so
/// longer rules come first. `{}` is any segment.
const RULES: [(&str, Upstream); 38] = [
    ("students/auth", Upstream::StudentAuth),
    ("trainers/auth", Upstream::TrainerAuth),
    ("students/{}/courses/{}/purchase", Upstream::Course),
    ("students/{}/courses/{}/progress", Upstream::Course),
    ("students/{}/courses/{}/access", Upstream::Course),
    ("students/{}/levels", Upstream::Course),
    ("students/{}/projects", Upstream::Course),
    ("students", Upstream::Student),
    ("trainers", Upstream::Trainer),
    ("courses", Upstream::Course),
    ("phases", Upstream::Course),
    ("levels", Upstream::Course),
    ("sessions", Upstream::Course),
    ("progress", Upstream::Course),
    ("projects", Upstream::Course),
    ("purchases", Upstream::Course),
    ("videos", Upstream::Course),
    ("assignments", Upstream::Course),
    ("submissions", Upstream::Course),
    ("upload", Upstream::Course),
    ("certificates", Upstream::Course),
    ("notifications", Upstream::Notification),
    ("device-tokens", Upstream::Notification),
    ("payments", Upstream::Payment),
    ("chat", Upstream::Chat),
    ("doubts", Upstream::Chat),
    ("trainer/doubts", Upstream::Chat),
    ("admin/doubts", Upstream::Chat),
    ("analytics", Upstream::Analytics),
    ("admin/allocations", Upstream::Booking),
    ("admin/sessions", Upstream::Booking),
    ("admin/reschedule", Upstream::Booking),
    ("admin/substitutions", Upstream::Booking),
    ("admin/journeys", Upstream::Booking),
    ("admin/reviews", Upstream::Booking),
    ("booking", Upstream::Booking),
    // The applications belong to the accounts of trainers.
    ("admin/trainers", Upstream::TrainerAuth),
    ("admin", Upstream::Admin),
];

/// The first segments of pages, which are outside of `/api`.
const PAGES: [(&str, Upstream); 1] = [("certificates", Upstream::Course)];

/// Paths of the legacy service without a version.
const ALIASES: [&str; 3] = ["courses", "videos", "assignments"];

/// Whether a path under `/api/v1` also exists under `/api`.
pub(crate) fn has_alias(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    first.is_some_and(|first| ALIASES.contains(&first))
}

/// Returns the service of a path, and the path at the service, without a slash at its end.
pub(crate) fn find(path: &str) -> Option<(Upstream, String)> {
    if has_dot_segment(path) {
        return None;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let Some(rest) = path.strip_prefix("/api/") else {
        let rest = path.strip_prefix('/')?;
        let (_, upstream) = PAGES.iter().find(|(rule, _)| matches(rule, rest))?;
        return Some((*upstream, path.to_owned()));
    };
    let rest = match rest.strip_prefix("v1/") {
        Some(rest) => rest,
        None if has_alias(rest) => rest,
        None => return None,
    };
    let (_, upstream) = RULES.iter().find(|(rule, _)| matches(rule, rest))?;
    Some((*upstream, format!("/api/v1/{rest}")))
}

/// Whether the path is the webhook of a payment provider.
pub(crate) fn is_webhook(path: &str) -> bool {
    let found = find(path);
    found.is_some_and(|(_, path)| path.starts_with("/api/v1/payments/webhook/"))
}

fn matches(rule: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    rule.split('/').all(|expected| {
        let segment = segments.next().unwrap_or_default();
        segment == expected || expected == "{}" && !segment.is_empty()
    })
}

/// Whether a path has a `..` segment, which could lead to internal routes. Escaped separators count
/// as separators, because a proxy between the services may decode them.
fn has_dot_segment(path: &str) -> bool {
    let decoded = path
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    let mut segments = decoded.split(['/', '\\']);
    segments.any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_all_services_are_routed_api_1() {
        for (path, upstream) in [
            ("students/auth/login", Upstream::StudentAuth),
            ("trainers/auth/pincodes/682001", Upstream::TrainerAuth),
            ("students/7/profile", Upstream::Student),
            ("students/7/courses/8/state", Upstream::Student),
            ("students/7/courses/8/access/9", Upstream::Course),
            ("students/7/levels/8/exam/submit", Upstream::Course),
            ("trainers", Upstream::Trainer),
            ("levels/7/exam", Upstream::Course),
            ("upload/sign", Upstream::Course),
            ("certificates/7/pdf", Upstream::Course),
            ("submissions/7/grade", Upstream::Course),
            ("device-tokens/x/deactivate", Upstream::Notification),
            ("payments/webhook/razorpay", Upstream::Payment),
            ("trainer/doubts", Upstream::Chat),
            ("admin/doubts", Upstream::Chat),
            ("analytics/events", Upstream::Analytics),
            ("admin/journeys/start", Upstream::Booking),
            ("booking/feature-flags", Upstream::Booking),
            ("admin/trainers/approvals", Upstream::TrainerAuth),
            ("admin/auth/login", Upstream::Admin),
        ] {
            let path = format!("/api/v1/{path}");
            assert_eq!(find(&path), Some((upstream, path.clone())), "{path}");
        }
        let page = ("/certificates/7", Upstream::Course);
        assert_eq!(find(page.0), Some((page.1, page.0.to_owned())));
        let alias = find("/api/courses/7").unwrap();
        assert_eq!(alias, (Upstream::Course, "/api/v1/courses/7".to_owned()));
    }

    #[test]
    fn slash_at_the_end_is_ignored_api_1() {
        for (path, expected) in [
            ("/api/v1/students/", "/api/v1/students"),
            ("/api/courses/", "/api/v1/courses"),
            ("/api/v1/admin/reschedule/", "/api/v1/admin/reschedule"),
            ("/certificates/7/", "/certificates/7"),
            ("/api/v1/students//", "/api/v1/students/"),
        ] {
            let found = find(path).map(|(_, found)| found);
            assert_eq!(found.as_deref(), Some(expected), "{path}");
        }
        for path in ["/", "/api/", "/api/v1/", "/api/v1/unknown/"] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn only_webhooks_are_limited_by_their_service_res_6() {
        assert!(is_webhook("/api/v1/payments/webhook/razorpay"));
        for path in [
            "/api/v1/payments/webhook",
            "/api/v1/payments/webhook/../7/status",
            "/api/v1/payments/7/status",
            "/api/payments/webhook/razorpay",
        ] {
            assert!(!is_webhook(path), "{path}");
        }
    }

    #[test]
    fn other_paths_are_not_routed_sec_4() {
        for path in [
            "/api/v1/studentsx",
            "/api/v1/unknown",
            "/api/students/7",
            "/api/v2/students",
            "/students/7",
            "/certificates/../api/v1/students",
            "/api/v1/students/../admin",
            "/api/v1/students/%2e%2E/admin",
            "/api/v1/students/..%2fadmin",
            "/api/v1/students/..%5Cadmin",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
