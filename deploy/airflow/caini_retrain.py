"""An Airflow DAG that retrains Caini every night; for Airflow 2.4 and newer."""

import subprocess
from datetime import timedelta

import pendulum
from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

FOLDER = "/srv/caini"
COMMAND = (
    "caini", "retrain", "--log", "data/log.parquet", "--out", "data/bundles", "--config", "config",
    "--json",
)  # fmt: skip
HELPLESS = {
    2: "a setting is wrong",
    3: "the log cannot be read",
    6: "the log is not fit to train on",
    7: "the gate refused the new bundle",
    8: "another run works on these bundles",
}
"""Exit codes that trying again at once does not change."""


@dag(
    dag_id="caini_retrain",
    schedule="20 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,  # only the newest log counts
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    tags=["caini"],
)
def caini_retrain():
    """Archive, check, train, compare with what is live, publish if it is no worse."""

    @task(retries=2, retry_delay=timedelta(minutes=10))
    def retrain():
        # CAINI_REDIS_URL comes from the worker's environment; the result stands in the task's log
        done = subprocess.run(COMMAND, cwd=FOLDER, check=False)  # noqa: S603 - our own command
        if done.returncode in HELPLESS:
            raise AirflowFailException(
                f"{HELPLESS[done.returncode]}; see data/bundles/retrain.json"
            )
        if done.returncode:
            raise AirflowException(f"caini retrain ended with {done.returncode}")

    retrain()


caini_retrain()
