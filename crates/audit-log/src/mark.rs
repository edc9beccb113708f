use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

use crate::{
    AuditLog, VerifyError,
    follow::Link,
    log::Chain,
    record::{BEGINNING, add},
};

/// Sets a proof apart from the hash of a record, for the key is the same.
const PURPOSE: &[u8] = b"where the audit log begins since a pruning";

impl AuditLog {
    /// What stands for those that were pruned. Without it, whoever has the database could say that everything was.
    pub(crate) fn proof(&self, pruned: &Link) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        add(&mut context, Some(PURPOSE));
        add(&mut context, Some(&pruned.sequence.to_be_bytes()));
        add(&mut context, Some(&pruned.hash));
        context.sign().as_ref().to_vec()
    }

    /// Where the log begins, if that is proved.
    pub(crate) fn beginning(&self, chain: &Chain) -> Result<Link, VerifyError> {
        let sequence = chain.pruned_sequence;
        let Some(proof) = &chain.pruned_proof else {
            let hash = BEGINNING.to_vec();
            let nothing_was_pruned = sequence == 0;
            return nothing_was_pruned
                .then_some(Link { sequence, hash })
                .ok_or(VerifyError::Unproved(sequence));
        };
        let hash = chain.pruned_hash.clone();
        let pruned = Link { sequence, hash };
        verify_slices_are_equal(&self.proof(&pruned), proof)
            .map_err(|_| VerifyError::Mark(sequence))?;
        Ok(pruned)
    }
}
