use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use seaworthy_data::{DataError, Transaction, sql};

use crate::{
    AuditLog, VerifyError,
    follow::ChainPosition,
    keys::Signer,
    log::Chain,
    record::{BEGINNING, add},
};

/// Separates the domain of proofs from that of records, because the key is the same.
const PURPOSE: &[u8] = b"where the audit log begins since a pruning";

impl AuditLog {
    /// Returns the proven beginning of the log, and the key of the proof if records were pruned.
    pub(crate) fn beginning(
        &self,
        chain: &Chain,
    ) -> Result<(ChainPosition, Option<Signer>), VerifyError> {
        if chain.pruned_proof.is_some() {
            let pruned = pruned(chain);
            return match self.signer_of_beginning(chain, &pruned) {
                None => Err(VerifyError::PruneProofAltered(pruned.sequence)),
                signer => Ok((pruned, signer)),
            };
        }
        let sequence = chain.pruned_sequence;
        let hash = BEGINNING.to_vec();
        let nothing_was_pruned = sequence == 0;
        nothing_was_pruned
            .then_some((ChainPosition { sequence, hash }, None))
            .ok_or(VerifyError::PruneProofMissing(sequence))
    }

    fn signer_of_beginning(&self, chain: &Chain, pruned: &ChainPosition) -> Option<Signer> {
        let known = chain.pruned_proof.as_ref()?;
        self.keys
            .of_proof(|key| verify_slices_are_equal(&proof(pruned, key), known).is_ok())
    }

    /// Signs the beginning with the own key if an additional key signed it, so that the other key
    /// can be removed.
    pub(crate) async fn sign_beginning_anew(
        &self,
        tx: &Transaction,
        chain: &Chain,
    ) -> Result<(), DataError> {
        let pruned = pruned(chain);
        match self.signer_of_beginning(chain, &pruned) {
            Some(Signer::Other(_)) => self.mark(tx, &pruned).await,
            Some(Signer::Own) | None => Ok(()),
        }
    }

    /// Stores the new beginning of the log with its signature.
    pub(crate) async fn mark(
        &self,
        tx: &Transaction,
        pruned: &ChainPosition,
    ) -> Result<(), DataError> {
        sql("UPDATE audit_log_chain SET pruned_sequence = ?, pruned_hash = ?, pruned_proof = ? WHERE name = 'chain'")
            .bind(pruned.sequence)
            .bind(pruned.hash.clone())
            .bind(proof(pruned, self.keys.own()))
            .execute(tx)
            .await
            .map(drop)
    }
}

fn pruned(chain: &Chain) -> ChainPosition {
    ChainPosition {
        sequence: chain.pruned_sequence,
        hash: chain.pruned_hash.clone(),
    }
}

/// The proof of the pruned records. Without it, an attacker with the database could claim that all
/// records were pruned.
fn proof(pruned: &ChainPosition, key: &hmac::Key) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    add(&mut context, Some(PURPOSE));
    add(&mut context, Some(&pruned.sequence.to_be_bytes()));
    add(&mut context, Some(&pruned.hash));
    context.sign().as_ref().to_vec()
}
