//! The limits of sent codes: by network of the client, by recipient and in total.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use seaworthy_core::{context, network_of};
use seaworthy_crypto::{BlindIndex, Context};
use seaworthy_data::{DataError, Database, Transaction};

use crate::{
    Binding, CaptchaConfig, CaptchaError,
    metrics::KindMetrics,
    sent_codes::{self, CountedCode, LockedCount},
    store::{self, Stored},
    targets::{self, TakenSlot},
};

/// The bits of an IPv6 address inside the network of a site, a /48 (RFC 6177).
const SITE_BITS: u32 = 80;

/// The limit that did not allow a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Codes to a recipient.
    Target,
    /// Codes of an IPv4 address or an IPv6 /64 network.
    Ip,
    /// Codes of an IPv6 /48 network.
    Ipv6Site,
    /// The share of a network while most codes are used.
    Share,
    /// All codes of a kind.
    Total,
}

/// A captcha whose code is about to be sent.
pub(crate) struct NewCaptcha<'a> {
    pub(crate) binding: &'a Binding<'a>,
    pub(crate) id: &'a str,
    pub(crate) stored: &'a Stored,
}

/// A stored captcha whose code counts.
pub(crate) struct Reservation {
    id: String,
    networks: Vec<CountedCode>,
    slot: TakenSlot,
    target: CountedCode,
    all: CountedCode,
}

/// A network of the client, and its limit.
#[derive(Clone)]
struct Network {
    subject: Vec<u8>,
    max: u32,
    limit: Limit,
}

/// The subjects for which a code counts, as keyed hashes, and the limit of all codes.
struct Subjects {
    networks: Vec<Network>,
    target: Vec<u8>,
    all: Vec<u8>,
    max_total: u32,
}

/// Errors of counting a code.
enum ReserveError {
    Limited { limit: Limit, retry_after: Duration },
    Database(DataError),
}

impl From<DataError> for ReserveError {
    fn from(error: DataError) -> Self {
        Self::Database(error)
    }
}

/// Counts a code of the current request and stores its captcha, in one transaction before the code
/// is sent. `recipient` is the address by which messages are counted.
pub(crate) async fn reserve(
    database: &Database,
    hashes: &BlindIndex,
    config: &CaptchaConfig,
    metrics: &KindMetrics,
    recipient: &str,
    captcha: NewCaptcha<'_>,
) -> Result<Reservation, CaptchaError> {
    let kind = captcha.binding.kind();
    let subjects = subjects(hashes, config, captcha.binding, recipient);
    let (subjects, captcha) = (&subjects, &captcha);
    let reserved = database
        .transaction(|tx| async move { reserve_in(&tx, config, subjects, captcha).await })
        .await;
    reserved.map_err(|error| match error {
        ReserveError::Database(error) => error.into(),
        ReserveError::Limited { limit, retry_after } => {
            metrics.record_limited(limit);
            match limit {
                Limit::Target => CaptchaError::TooManyCodes { retry_after },
                Limit::Ip | Limit::Ipv6Site | Limit::Share => {
                    CaptchaError::TooManyCodesOfIp { retry_after }
                }
                Limit::Total => {
                    tracing::warn!(
                        kind,
                        "a code was not sent: max_total_sms or max_total_email is reached"
                    );
                    CaptchaError::TooManyCodesInTotal { retry_after }
                }
            }
        }
    })
}

fn subjects(
    hashes: &BlindIndex,
    config: &CaptchaConfig,
    binding: &Binding<'_>,
    recipient: &str,
) -> Subjects {
    let limits = &config.sent_codes;
    let hash = |column: &str, text: &str| {
        let context = Context::new("captcha_targets", column).row(binding.kind());
        hashes.compute(&context, text)
    };
    let ip = context::with_current(|context| context?.client_address());
    let network = ip.map(|ip| Network {
        subject: hash("ip", &network_of(ip).to_string()),
        max: limits.max_per_ip.get(),
        limit: Limit::Ip,
    });
    let site = ip.and_then(ipv6_site).map(|site| Network {
        subject: hash("ipv6_site", &site.to_string()),
        max: limits.max_per_ipv6_site.get(),
        limit: Limit::Ipv6Site,
    });
    let max_total = match binding {
        Binding::Email(_) => limits.max_total_email,
        Binding::Sms(_) | Binding::Image | Binding::Audio => limits.max_total_sms,
    };
    Subjects {
        networks: network.into_iter().chain(site).collect(),
        target: hash("target", recipient),
        all: hash("all", ""),
        max_total: max_total.get(),
    }
}

/// Counts in a transaction. A rejection rolls all counts back. The fixed order avoids deadlocks.
async fn reserve_in(
    tx: &Transaction,
    config: &CaptchaConfig,
    subjects: &Subjects,
    captcha: &NewCaptcha<'_>,
) -> Result<Reservation, ReserveError> {
    let window = config.sent_codes.window;
    let mut locked = Vec::new();
    for network in &subjects.networks {
        locked.push(LockedCount::lock(tx, network.subject.clone(), window).await?);
    }
    // Read after the locks, so that parallel requests of a network do not all get the same total.
    let sent = sent_codes::total(tx, &subjects.all, window).await?;
    let mut networks = Vec::new();
    for (network, locked) in subjects.networks.iter().zip(locked) {
        let share = fair_share(network.max, sent, subjects.max_total);
        let limit = match locked.total() < u64::from(network.max) {
            true => Limit::Share,
            false => network.limit,
        };
        let counted = locked.add(tx, share).await?;
        networks.push(counted.map_err(limited(limit))?);
    }
    let max = config.max_per_target.get();
    let slot = targets::take(tx, &subjects.target, max, config.ttl).await?;
    let slot = slot.map_err(limited(Limit::Target))?;
    let target = LockedCount::lock(tx, subjects.target.clone(), window).await?;
    let max = config.sent_codes.max_per_target.get();
    let target = target.add(tx, max).await?;
    let target = target.map_err(limited(Limit::Target))?;
    store::insert(tx, captcha.id, captcha.stored, config.ttl).await?;
    // Lock this row last, because all transactions wait for it.
    let all = LockedCount::lock(tx, subjects.all.clone(), window).await?;
    let all = all.add(tx, subjects.max_total).await?;
    Ok(Reservation {
        id: captcha.id.to_owned(),
        networks,
        slot,
        target,
        all: all.map_err(limited(Limit::Total))?,
    })
}

fn limited(limit: Limit) -> impl Fn(Duration) -> ReserveError {
    move |retry_after| ReserveError::Limited { limit, retry_after }
}

/// Returns the limit of a network after `sent` of `max_total` codes. After half of the total it is
/// a tenth, and after three quarters one code. A few networks thus cannot use all codes.
fn fair_share(max: u32, sent: u64, max_total: u32) -> u32 {
    let max_total = u64::from(max_total);
    if sent * 2 < max_total {
        max
    } else if sent * 4 < max_total * 3 {
        (max / 10).max(1)
    } else {
        1
    }
}

/// Returns the /48 of an IPv6 address. A provider may route all its /64 networks to one client.
fn ipv6_site(ip: IpAddr) -> Option<Ipv6Addr> {
    match ip.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(ip) => Some(Ipv6Addr::from_bits(ip.to_bits() >> SITE_BITS << SITE_BITS)),
    }
}

impl Reservation {
    /// Subtracts a code that was not sent, and deletes its captcha. The caller returns the error of
    /// the provider, so an error of the database is logged.
    pub(crate) async fn release(&self, database: &Database, config: &CaptchaConfig) {
        let window = config.sent_codes.window;
        let released = database
            .transaction(|tx| async move {
                for network in &self.networks {
                    network.release(&tx, window).await?;
                }
                self.slot.release(&tx).await?;
                self.target.release(&tx, window).await?;
                store::take(&tx, &self.id).await?;
                self.all.release(&tx, window).await
            })
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, "a code that was not sent could not be removed from the limit");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_shrinks_after_half_of_the_total_auth_2() {
        let shares = [0, 499, 500, 749, 750, 1_000, 2_000];
        let shares = shares.map(|sent| fair_share(20, sent, 1_000));
        assert_eq!(shares, [20, 20, 2, 2, 1, 1, 1]);
        assert_eq!(fair_share(u32::MAX, 0, u32::MAX), u32::MAX);
        assert_eq!(fair_share(5, 1, 2), 1);
        assert_eq!(fair_share(20, 0, 1), 20);
    }

    #[test]
    fn few_networks_do_not_use_all_codes_auth_2() {
        for (networks, all) in [(25, 500), (50, 550), (150, 750), (399, 999)] {
            let mut sent = 0;
            for _ in 0..networks {
                let mut own = 0;
                while own < fair_share(20, sent, 1_000) && sent < 1_000 {
                    (own, sent) = (own + 1, sent + 1);
                }
            }
            assert_eq!(sent, all, "{networks} networks");
        }
    }

    #[test]
    fn ipv6_networks_of_one_48_share_a_site_auth_2() {
        let site = |ip: &str| ipv6_site(ip.parse().unwrap());
        assert_eq!(site("2001:db8:1:2::3"), site("2001:db8:1:ffff::"));
        assert_ne!(site("2001:db8:1::"), site("2001:db8:2::"));
        assert_eq!(site("192.0.2.7"), None);
        assert_eq!(site("::ffff:192.0.2.7"), None);
    }
}
