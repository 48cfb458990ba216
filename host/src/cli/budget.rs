//! Budgets in one line: `actors=1000,memory=256M`.

use std::path::PathBuf;
use std::str::FromStr;

use super::values::Size;
use crate::Budget;

/// What an actor and all its descendants may use together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetFlag(pub(super) Budget);

impl FromStr for BudgetFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<BudgetFlag, String> {
        let empty = BudgetFlag(Budget::new());
        text.split(',').try_fold(empty, |BudgetFlag(budget), bound| with(budget, bound).map(BudgetFlag))
    }
}

/// A budget with one bound more.
fn with(budget: Budget, bound: &str) -> Result<Budget, String> {
    let (name, value) = bound.split_once('=').ok_or_else(|| format!("{bound:?} is not NAME=VALUE"))?;
    let Size(number) = value.parse()?;
    Ok(match name {
        "memory" => budget.memory_max(number),
        "actors" => budget.actors_max(number),
        "cpu" if (1..=10_000).contains(&number) => budget.cpu_weight(number as u32),
        "cpu" => return Err(format!("{number} is no weight of a share of the processors: 1 to 10000 are")),
        "timers" => budget.timers_max(number),
        "descriptors" => budget.descriptors_max(number),
        "messages" => budget.messages_max(number),
        "message-bytes" => budget.message_bytes_max(number),
        _ => {
            return Err(format!(
                "a budget has no {name:?}: it has memory, actors, cpu, timers, descriptors, messages and message-bytes"
            ));
        }
    })
}

/// `PATH[,NAME=VALUE..]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TenantFlag {
    pub(super) path: PathBuf,
    pub(super) budget: Budget,
}

impl FromStr for TenantFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<TenantFlag, String> {
        let (path, BudgetFlag(budget)) = match text.split_once(',') {
            Some((path, bounds)) => (path, bounds.parse()?),
            None => (text, BudgetFlag(Budget::new())),
        };
        if path.is_empty() {
            return Err(format!("{text:?} is not PATH,NAME=VALUE"));
        }
        Ok(TenantFlag { path: path.into(), budget })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_one_line() {
        let line = "shop.wasm,memory=64M,actors=1000,cpu=200,timers=5000,descriptors=100,messages=10000,message-bytes=1M";
        let tenant: TenantFlag = line.parse().expect("it has all there is");
        let budget = Budget::new().memory_max(64 << 20).actors_max(1000).cpu_weight(200).timers_max(5000);
        let budget = budget.descriptors_max(100).messages_max(10_000).message_bytes_max(1 << 20);
        assert_eq!((tenant.path, tenant.budget), ("shop.wasm".into(), budget));
        let unbounded: TenantFlag = "shop.wasm".parse().expect("no bound is one, too");
        assert_eq!(unbounded.budget, Budget::new());
    }

    #[test]
    fn what_a_budget_does_not_have_is_named() {
        for wrong in ["", "memory", "memory=", "cpu=0", "cpu=10001", "disk=1", "actors=1,,", "actors=x"] {
            let error = wrong.parse::<BudgetFlag>().expect_err(wrong);
            assert!(!error.is_empty(), "{wrong:?}");
        }
        assert!(",actors=1".parse::<TenantFlag>().is_err());
    }
}
