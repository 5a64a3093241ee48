"""A campaign from the settings that a command line names."""

from lss.adaptive.campaign import Campaign
from lss.errors import InputError
from lss.features.specifications import split_specs
from lss.storage import processes
from lss.units import lag_in_frames


def campaign_of(args):
    """Open the campaign of parsed arguments.

    Parameters
    ----------
    args : argparse.Namespace

    Returns
    -------
    lss.adaptive.campaign.Campaign

    Raises
    ------
    InputError
    """
    if bool(args.runner) == bool(args.forcefield):
        raise InputError("give one of `forcefield`, for OpenMM, and `runner`, another engine")
    missing = [word for word in ("{start}", "{out}") if args.runner and word not in args.runner]
    if missing:
        raise InputError(
            f"`runner` is {args.runner!r}, wanted one with {{start}} and {{out}}; say where they go"
        )
    for name in ("lag", "modes"):
        if getattr(args, name) is None:
            raise InputError(
                f"`{name}` is auto, wanted one for the whole campaign; choose it by a first run, "
                "and give it"
            )
    frame_ps = args.frame_spacing or args.lag / 5
    engine = {
        "runner": args.runner,
        "top": args.top,
        "forcefield": args.forcefield.split(",") if args.forcefield else None,
        "temperature_K": args.temperature,
        "friction_per_ps": args.friction,
        "timestep_ps": args.timestep,
        "frame_ps": frame_ps,
        "n_frames": lag_in_frames(args.piece, frame_ps, "`piece`"),
    }
    settings = {
        "top": args.top,
        "starts": args.starts or [args.top],
        "engine": engine,
        "lag_ps": args.lag,
        "piece_ps": args.piece,
        "frame_ps": frame_ps,
        "per_round": args.per_round,
        "strategy": args.strategy,
        "target": args.target,
        "features": split_specs(args.features) if args.features else None,
        "modes": args.modes,
        "srv_steps": args.srv_steps,
        "components": args.components,
        "mdn_steps": args.mdn_steps,
        "replicas": args.replicas,
        "seed": args.seed,
    }
    if args.dask:
        processes.check(args.dask)
    return Campaign.create(args.out, settings, args.resume, args.dask or processes.LOCAL)
