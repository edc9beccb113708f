use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `ttl`: long enough to find a message on a telephone.
const DEFAULT_TTL: Timeout = Timeout::from_secs(5 * 60);
/// The default of `max_attempts`: guesses of 6 digits succeed for 1 of 200,000 captchas.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default of `max_per_target` in `ttl`. Users request a late message again once or twice.
const DEFAULT_MAX_PER_TARGET: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// The default of `max_per_ip`. The users of an office share one IP address.
const DEFAULT_MAX_PER_IP: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The default of `max_per_target` in `window`. Otherwise a person can get 36 codes an hour.
const DEFAULT_MAX_PER_TARGET_IN_WINDOW: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The default for a site with several networks. A client can get five sites from a tunnel
/// broker. With five sites it can request less than a fifth of all codes by SMS.
const DEFAULT_MAX_PER_IPV6_SITE: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// The default: at a few cents for an SMS, an attack costs less than a hundred euros an hour.
const DEFAULT_MAX_TOTAL_SMS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// The default. A message costs nothing, but many of them harm the reputation of the sender.
const DEFAULT_MAX_TOTAL_EMAIL: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// The default of `window`. Many numbers would evade the shorter window of a rate limit.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(60 * 60);

/// Settings of captchas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CaptchaConfig {
    /// How long a captcha is valid.
    pub ttl: Timeout,
    /// The number of answers after which a captcha is invalid.
    pub max_attempts: NonZeroU32,
    /// The number of codes that are sent to one address within `ttl`.
    pub max_per_target: NonZeroU32,
    /// Limits of sent codes in a longer window.
    pub sent_codes: SentCodesConfig,
}

/// Limits of codes within `window`, on all replicas. Codes by e-mail and by SMS count
/// separately. Without these limits, a client that requests codes for many telephone numbers causes
/// the costs of all messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SentCodesConfig {
    /// The number of codes that are sent to one address within `window`.
    pub max_per_target: NonZeroU32,
    /// The number of codes that one IPv4 address or one IPv6 /64 network may request within
    /// `window`.
    pub max_per_ip: NonZeroU32,
    /// The number of codes that one IPv6 /48 network may request within `window`. One customer may
    /// have 65,536 networks of /64 in it.
    pub max_per_ipv6_site: NonZeroU32,
    /// The number of codes by SMS that the service sends within `window`. It bounds the costs of an
    /// attack from many IP addresses. After half of them, `max_per_ip` and `max_per_ipv6_site` are
    /// a tenth. After three quarters they are 1.
    pub max_total_sms: NonZeroU32,
    /// The number of codes by e-mail that the service sends within `window`. The limits of networks
    /// shrink as for SMS.
    pub max_total_email: NonZeroU32,
    /// The time for which a code counts. It may count for a twelfth longer.
    pub window: Timeout,
}

impl Default for SentCodesConfig {
    fn default() -> Self {
        Self {
            max_per_target: DEFAULT_MAX_PER_TARGET_IN_WINDOW,
            max_per_ip: DEFAULT_MAX_PER_IP,
            max_per_ipv6_site: DEFAULT_MAX_PER_IPV6_SITE,
            max_total_sms: DEFAULT_MAX_TOTAL_SMS,
            max_total_email: DEFAULT_MAX_TOTAL_EMAIL,
            window: DEFAULT_WINDOW,
        }
    }
}

impl Default for CaptchaConfig {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            max_per_target: DEFAULT_MAX_PER_TARGET,
            sent_codes: SentCodesConfig::default(),
        }
    }
}
