use super::HookPoint;

/// A set of hook points and of decisions, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PointSet(u16);

impl PointSet {
    /// The set of decisions about access. The lower bits are those of the hook points.
    pub(crate) const DECISIONS: Self = Self(1 << 15);

    /// Returns the set of points.
    pub(crate) fn of(points: impl IntoIterator<Item = HookPoint>) -> Self {
        let points = points.into_iter();
        Self(points.fold(0, |bits, point| bits | (1 << (point as u16))))
    }

    pub(crate) const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    /// Returns the points of both sets.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns true if both sets have a common point.
    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_has_its_own_bit_plug_1() {
        for point in HookPoint::ALL {
            let own = PointSet::of([point]);
            let others = HookPoint::ALL.into_iter().filter(|other| *other != point);
            assert!(own.intersects(PointSet::of(HookPoint::ALL)));
            let others = PointSet::of(others).union(PointSet::DECISIONS);
            assert!(!own.intersects(others), "{point:?}");
        }
    }
}
