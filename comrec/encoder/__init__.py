"""Decides about one picture: options, coding modes, rate control, and the report.

The calls, from the top:

  rate_control.choose         the whole decision for one picture
    plain, mode_list, pruning the bound by plain JPEG, the modes, those worth a search
    guided_modes              with a guide: which mode goes on
      guided.GuidedEncoder    start, rounds, landing on bytes or PSNR
        rounds, receiver      one round; what RecCNN shows and its gradient
        trial, landing        MCUs that are taken; the price at which a value is met
    search                    without a guide: the mode and the quality of one draft
      predictor, root_finding what a draft will show; the quality at which it is enough
    report                    what was decided

What rounds are expected to do is in `fitted`, the work for each effort in `efforts`.
"""
