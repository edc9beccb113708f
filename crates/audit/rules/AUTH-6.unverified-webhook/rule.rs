//! A webhook accepts unverified notifications.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-6.unverified-webhook",
        title: "A webhook accepts unverified notifications",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "The path of a route is that of a webhook (`/webhook`), and its file does not mention a verification (signature, HMAC, secret). Low confidence, because a middleware in another file may verify it. A signature over a body that was parsed and written again (`JSON.stringify(req.body)`) counts too.",
        why: "Everyone who knows the URL can report payments that did not happen.",
        fix: &[(
            "any",
            "Verify the signature of the sender over the raw body, and reject old timestamps.",
        )],
        references: &["https://docs.stripe.com/webhooks#verify-events"],
    },
    check: Check::Service(|_, service| observed(service, Practice::Webhook)),
};
