//! How the time of busy processors is shared out among trees of actors.

use std::sync::Arc;

use flower_host::{Budget, Codec, Host, Null, Spawn};

use crate::wat::load;
use crate::{Failure, run};

/// Weights of three trees, and how many busy actors each has.
const CASES: [[(u32, u32); 3]; 2] = [[(100, 8), (100, 2), (100, 4)], [(100, 8), (200, 2), (400, 4)]];

/// How long they are busy, in ns.
const BUSY: u64 = 2_000_000_000;

/// Jain's index of the work that the trees get done for each unit of their weights: 1 when all get the same. The worst of
/// equal and unequal weights, on one worker and on two.
pub(crate) fn fairness() -> Result<f64, Failure> {
    run(async {
        let mut worst = 1.0_f64;
        for workers in [1, 2] {
            for trees in CASES {
                worst = worst.min(jain(&work(workers, &trees).await?));
            }
        }
        Ok(worst)
    })
}

/// The work of each tree, divided by its weight.
async fn work(workers: usize, trees: &[(u32, u32)]) -> Result<Vec<f64>, Failure> {
    let host = Host::builder().workers(workers).output(Arc::new(Null)).build()?;
    let module = load(&host)?;
    let mut mailbox = host.mailbox()?;
    for (tree, (weight, actors)) in (0_u32..).zip(trees) {
        let mut args = mailbox.pid().to_bytes().to_vec();
        args.extend([tree.to_le_bytes(), actors.to_le_bytes()].concat());
        args.extend(BUSY.to_le_bytes());
        let root = Spawn::entry(&module, "works").args(Codec::RAW, args);
        host.spawn(root.budget(Budget::new().cpu_weight(*weight)))?;
    }
    let actors = trees.iter().map(|(_, actors)| actors).sum::<u32>();
    let mut ready = Vec::new();
    for _ in 0..actors {
        ready.push(mailbox.receive().await.sender);
    }
    for actor in ready {
        mailbox.send(actor, Codec::RAW, b"go")?;
    }
    let mut work = vec![0.0; trees.len()];
    for _ in 0..actors {
        let body = mailbox.receive().await.body;
        let (tree, rounds) = body.split_first_chunk().ok_or("a tree says too little")?;
        let rounds = u64::from_le_bytes(*rounds.first_chunk().ok_or("as above")?);
        let tree = u32::from_le_bytes(*tree) as usize;
        work[tree] += rounds as f64 / f64::from(trees[tree].0);
    }
    Ok(work)
}

/// The square of the sum, by the sum of the squares and the number of them.
fn jain(shares: &[f64]) -> f64 {
    let (sum, squares) = (shares.iter().sum::<f64>(), shares.iter().map(|share| share * share).sum::<f64>());
    sum * sum / (squares * shares.len() as f64)
}
