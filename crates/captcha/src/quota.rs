//! The limits of sent codes: by IP address, by recipient and in total.

use seaworthy_core::{context, network_of};
use seaworthy_crypto::{BlindIndex, Context};
use seaworthy_data::{Database, Transaction};

use crate::{Binding, CaptchaConfig, CaptchaError, sent_codes, targets};

/// The counts of a code that is about to be sent.
pub(crate) struct Reservation {
    ip: Option<Vec<u8>>,
    target: Vec<u8>,
    slot: u32,
    all: Vec<u8>,
}

/// Counts a code of the current request before it is sent. `None` for a captcha without an address.
pub(crate) async fn reserve(
    database: &Database,
    hashes: &BlindIndex,
    config: &CaptchaConfig,
    binding: &Binding<'_>,
) -> Result<Option<Reservation>, CaptchaError> {
    let Some(recipient) = binding.recipient() else {
        return Ok(None);
    };
    let kind = binding.kind();
    let hash = |column: &str, text: &str| {
        let context = Context::new("captcha_targets", column).row(kind);
        hashes.of(&context, text)
    };
    let ip = context::with_current(|context| context?.client_address());
    let (ip, target, all) = (
        ip.map(|ip| hash("ip", &network_of(ip).to_string())),
        hash("target", &recipient),
        hash("all", ""),
    );
    let reserved = database
        .transaction(|tx| {
            let (ip, target, all) = (ip.clone(), target.clone(), all.clone());
            async move { reserve_in(&tx, config, ip, target, all).await }
        })
        .await;
    if let Err(CaptchaError::TooManyCodesInTotal { .. }) = &reserved {
        tracing::warn!(
            kind,
            "a code was not sent: too many codes were sent in total"
        );
    }
    reserved.map(Some)
}

/// A rejection rolls all counts back. The fixed order prevents deadlocks.
async fn reserve_in(
    tx: &Transaction,
    config: &CaptchaConfig,
    ip: Option<Vec<u8>>,
    target: Vec<u8>,
    all: Vec<u8>,
) -> Result<Reservation, CaptchaError> {
    let limits = &config.sent_codes;
    if let Some(ip) = &ip {
        let wait = sent_codes::count(tx, ip, limits.max_per_ip.get(), limits.window).await?;
        if let Some(retry_after) = wait {
            return Err(CaptchaError::TooManyCodesOfIp { retry_after });
        }
    }
    let slot = targets::take(tx, &target, config.max_per_target.get(), config.ttl).await?;
    let Some(slot) = slot else {
        let retry_after = config.ttl.get();
        return Err(CaptchaError::TooManyCodes { retry_after });
    };
    // Last, because all transactions wait for this row.
    let wait = sent_codes::count(tx, &all, limits.max_total.get(), limits.window).await?;
    if let Some(retry_after) = wait {
        return Err(CaptchaError::TooManyCodesInTotal { retry_after });
    }
    Ok(Reservation {
        ip,
        target,
        slot,
        all,
    })
}

impl Reservation {
    /// Subtracts a code that was not sent. The caller returns the error of the provider, so an error
    /// of the database is logged.
    pub(crate) async fn release(self, database: &Database) {
        let reservation = &self;
        let released = database
            .transaction(|tx| async move {
                if let Some(ip) = &reservation.ip {
                    sent_codes::release(&tx, ip).await?;
                }
                targets::release(&tx, &reservation.target, reservation.slot).await?;
                sent_codes::release(&tx, &reservation.all).await
            })
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, "a code that was not sent stays counted");
        }
    }
}
