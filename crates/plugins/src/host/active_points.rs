use std::sync::{
    Arc, Weak,
    atomic::{AtomicU16, Ordering},
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::hook::{HookTable, PointSet};

/// The points at which a call may have an effect. They are in the current table, or in one of the
/// replaced tables that open requests may still use. A service reads them at each point. Except for
/// the first call of a request, a point without hooks takes no lock and allocates nothing.
#[derive(Debug, Default)]
pub(super) struct ActivePoints {
    bits: AtomicU16,
    /// The replaced tables that may be in use.
    replaced: Mutex<Vec<Weak<HookTable>>>,
}

impl ActivePoints {
    /// Returns true if a call at one of the points may have an effect.
    pub(super) fn has_any(&self, points: PointSet) -> bool {
        // The swap of a table publishes its bits, so a request that has a table also sees its bits.
        PointSet::from_bits(self.bits.load(Ordering::Relaxed)).intersects(points)
    }

    /// Replaces the table of new requests.
    pub(super) fn replace(&self, current: &ArcSwap<HookTable>, table: HookTable) {
        let mut replaced = self.replaced.lock();
        let mut points = table.points();
        self.bits.fetch_or(points.bits(), Ordering::Relaxed);
        let old = current.swap(Arc::new(table));
        old.set_replaced();
        replaced.push(Arc::downgrade(&old));
        drop(old);
        replaced.retain(|table| {
            let Some(table) = table.upgrade() else {
                return false;
            };
            points = points.union(table.points());
            true
        });
        self.bits.store(points.bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HookPoint;

    #[test]
    fn points_of_open_requests_stay_active_plug_1() {
        let current = ArcSwap::from_pointee(HookTable::default());
        let active = ActivePoints::default();
        let has_any = |point| active.has_any(PointSet::of([point]));
        // A missing plugin fails the points with a veto, and decisions.
        let missing = HookTable::new([], &["guard".to_owned()]);
        assert!(!has_any(HookPoint::BeforeBiz));
        active.replace(&current, missing);
        assert!(has_any(HookPoint::BeforeBiz) && active.has_any(PointSet::DECISIONS));
        assert!(!has_any(HookPoint::AfterBiz));
        let open = current.load_full();
        active.replace(&current, HookTable::default());
        assert!(has_any(HookPoint::BeforeBiz));
        drop(open);
        active.replace(&current, HookTable::default());
        assert!(!has_any(HookPoint::BeforeBiz) && !active.has_any(PointSet::DECISIONS));
    }
}
