"""The checks of the exercises on networks and on the training step; see test_checks.py."""

import functools
import re

import pytest
import torch
import torch.nn.functional as F
from test_checks import told
from torch import nn

from animegan_workshop import checks

bce = F.binary_cross_entropy_with_logits


def fault(make, /, **faults):
    """The answer with these faults."""
    return lambda *arguments, **named: make(*arguments, **named, **faults)


leaky = fault(nn.LeakyReLU, negative_slope=0.2)


def block(o, conv, norm, act, late):
    """A convolution with what comes after it."""
    rest = [*([norm(o)] if norm else []), *([act()] if act else [])]
    return nn.Sequential(conv, *(rest[::-1] if late else rest))


def up(i, o, stride=2, padding=1, conv=nn.ConvTranspose2d, kernel=4, bias=False, **rest):
    """A block of G, right unless told otherwise."""
    rest = {"norm": nn.BatchNorm2d, "act": nn.ReLU, "late": False} | rest
    return block(o, conv(i, o, kernel, stride, padding, bias=bias), **rest)


def down(i, o, normalise=True, conv=nn.Conv2d, kernel=4, stride=2, padding=1, bias=False, **rest):
    """A block of D, right unless told otherwise."""
    rest = {"norm": nn.BatchNorm2d if normalise else None, "act": leaky, "late": False} | rest
    return block(o, conv(i, o, kernel, stride, padding, bias=bias), **rest)


class Do(nn.Module):
    """A function as a layer; shape: of a weight that it takes as well."""

    def __init__(self, function, shape=None):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.randn(shape)) if shape else None

    def forward(self, x):
        return self.function(x) if self.weight is None else self.function(x, self.weight)


def generator(z_dim=100, width=64, count=4, channels=3, end=(nn.Tanh,), first=None, **blocks):
    """A generator, right unless told otherwise; block2: other settings for block 2."""
    sizes = [z_dim, 8 * width, 4 * width, 2 * width, width][: count + 1]
    steps = [first or Do(lambda z: z[:, :, None, None])]
    for k, (i, o) in enumerate(zip(sizes, sizes[1:]), start=1):
        usual = {"stride": 1, "padding": 0} if k == 1 else {}
        steps.append(up(i, o, **(usual | blocks.get(f"block{k}", {}))))
    last = nn.ConvTranspose2d(sizes[-1], channels, 4, 2, 1, bias=False)
    return nn.Sequential(*steps, last, *(make() for make in end))


def discriminator(width=64, kernel=4, outputs=1, end=lambda s: s.flatten(), last=None, **blocks):
    """A discriminator, right unless told otherwise; block2: other settings for block 2."""
    sizes = [3, width, 2 * width, 4 * width, 8 * width]
    steps = [
        down(i, o, **({"normalise": k > 1} | blocks.get(f"block{k}", {})))
        for k, (i, o) in enumerate(zip(sizes, sizes[1:]), start=1)
    ]
    last = last or nn.Conv2d(8 * width, outputs, kernel, bias=False)
    return nn.Sequential(*steps, last, Do(end))


def functional(z_dim, width):
    """G in another style: functions for the activations, a linear first layer."""
    start = [nn.Linear(z_dim, 8 * width * 16, bias=False), nn.Unflatten(1, (8 * width, 4, 4))]
    others = [up(2 * k * width, k * width, act=lambda: Do(F.relu)) for k in (4, 2, 1)]
    last = nn.ConvTranspose2d(width, 3, kernel_size=4, stride=2, padding=1, bias=False)
    return nn.Sequential(*start, nn.BatchNorm2d(8 * width), nn.ReLU(True), *others, last, nn.Tanh())


def resizing(i, o, late=False, padding=1, bias=False, factor=2, **rest):
    """A block that resizes and convolves, right unless told otherwise."""
    rest = {"norm": nn.BatchNorm2d, "act": nn.ReLU, "late": False} | rest
    conv = nn.Conv2d(i, o, 3, padding=padding, bias=bias)
    steps = [nn.Upsample(scale_factor=factor), block(o, conv, **rest)]
    return nn.Sequential(*steps[:: -1 if late else 1])


def of_side(side, z_dim=100, width=64, block=up, end=nn.Tanh):
    """A generator for pictures of a side, right unless told otherwise."""
    sizes = [width * 2**k for k in reversed(range(side.bit_length() - 3))]
    steps = [up(z_dim, sizes[0], stride=1, padding=0), *map(block, sizes, sizes[1:])]
    last = nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False)
    return nn.Sequential(Do(lambda z: z[:, :, None, None]), *steps, last, end())


def start(network, kinds=(nn.Conv2d, nn.ConvTranspose2d), spread=0.02, gain=1.0, shift=0.0, **f):
    """DCGAN's first weights, right unless told otherwise."""
    for module in network.modules():
        if isinstance(module, kinds):
            f.get("draw", nn.init.normal_)(module.weight, 0.0, spread)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, gain, f.get("gain_spread", 0.02))
            nn.init.constant_(module.bias, shift)
    return network if f.get("returns", True) else None


def linear_end(width=64):
    score = nn.Sequential(nn.Flatten(), nn.Linear(8 * width * 16, 1, bias=False))
    return discriminator(width, last=score, end=lambda s: s.squeeze(1))


def einsum_end(width):
    last = Do(lambda x, weight: torch.einsum("bchw,chw->b", x, weight), (8 * width, 4, 4))
    return discriminator(width, last=last)


def own_weight(i, o, stride=2, padding=1):
    """A block of G that keeps its kernel itself."""
    conv = Do(lambda x, w: F.conv_transpose2d(x, w, None, stride, padding), (i, o, 4, 4))
    return nn.Sequential(conv, nn.BatchNorm2d(o), Do(lambda x: x.clamp(min=0)))


def my_d_step(D, opt, real, fake, labels="10", terms=(0, 1), factor=1, steps=1, **f):
    """D's step, right unless told otherwise."""
    if f.get("clear", True):
        opt.zero_grad()
    D.train(not f.get("evaluate")).requires_grad_(True)
    fake = fake if f.get("attached") else fake.detach()
    a, b = D(torch.cat([real, fake])).chunk(2) if f.get("together") else (D(real), D(fake))
    if f.get("again"):
        D(real)
    loss = bce_of_sigmoid if f.get("first_sigmoid") else bce
    pairs = [(s, torch.full_like(s, float(label))) for s, label in zip((a, b), labels)]
    loss = sum(loss(*pairs[k]) for k in terms) * factor
    if f.get("backward", True):
        loss.backward()
    if f.get("clear_late"):
        opt.zero_grad()
    for _ in range(steps):
        opt.step()
    D.train(not f.get("evaluate_late")).requires_grad_(not f.get("frozen"))
    values = loss, a.sigmoid().mean(), b.sigmoid().mean()
    return (
        values if f.get("tensors") else tuple(values[k].item() for k in f.get("returns", (0, 1, 2)))
    )


def two_backwards(D, opt, real, fake):
    """Another right way: a backward pass for each term, by softplus."""
    opt.zero_grad()
    logits = D(real), D(fake.detach())
    losses = F.softplus(-logits[0]).mean(), F.softplus(logits[1]).mean()
    for loss in losses:
        loss.backward()
    opt.step()
    return float(sum(losses)), *(float(s.sigmoid().mean()) for s in logits)


def my_g_step(D, opt, fake, loss=lambda s: F.softplus(-s), backward=True, step=True, **f):
    """G's step, right unless told otherwise."""
    if f.get("clear", True):
        opt.zero_grad()
    D.train(not f.get("evaluate"))
    loss = loss(D(fake.detach() if f.get("detach") else fake)).mean()
    if backward:
        loss.backward()
    if step:
        opt.step()
    if f.get("moves_d"):
        torch.optim.SGD(D.parameters(), 0.1).step()
    return loss if f.get("tensor") else loss.item()


def my_train_gan(game, *rest, rows=slice(None), kept=slice(None), **f):
    """The training loop, right unless told otherwise."""
    history, samples = checks.train_gan.ours(game, *rest)
    game[0].train(not f.get("evaluate_late"))
    samples = [pictures.requires_grad_(bool(f.get("graph"))) for pictures in samples[kept]]
    return history[rows] if f.get("alone") else (history[rows], samples)


def d_loss(r, f, factor=1, labels=(1, 0), reduce=torch.mean):
    a = F.softplus(-r) if labels[0] else F.softplus(r)
    b = F.softplus(-f) if labels[1] else F.softplus(f)
    return factor * (reduce(a) + reduce(b))


def g_loss(f):
    return F.softplus(-f.float()).mean()


def d_and_g(log, r, f):
    return -log(r).mean() - log(-f).mean(), -log(f).mean()


def pair(d=None, g=g_loss):
    """The answer to exercise 04.5 with another loss of D or of G."""
    return lambda r, f: ((d or d_loss)(r.float(), f.float()), g(f.float()))


def by_backward(network, images, score):
    images = images.clone().requires_grad_()
    score(network(images)).backward(inputs=[images])
    return images.grad


def by_backward_into_weights(network, images, score):
    images = images.clone().requires_grad_()
    score(network(images)).backward()
    return images.grad


def by_hand(D, images, company):
    alone = D(images).detach().numpy()
    together = D(torch.cat([company, images])).detach().numpy()[len(company) :]
    return abs(together - alone).mean() / alone.std(ddof=1)


def my_training(D, optimiser, faces, G, steps, batch=32, noise=torch.randn, **f):
    """D's training, right unless told otherwise."""
    history, z = [], torch.randn(batch, 100)
    for _ in range(steps):
        real = faces[torch.randperm(len(faces))[: None if f.get("whole") else batch]]
        real = faces[:batch] if f.get("same_faces") else real
        fake = G(z if f.get("same_z") else noise(f.get("z_batch", batch), 100))
        fake = fake if f.get("attached") else fake.detach()
        a, b = D(real), D(fake)
        optimiser.zero_grad()
        d_loss(a, b).backward()
        optimiser.step()
        history.append((float(a.mean()), float(b.mean())))
    if f.get("extra"):
        optimiser.step()
    return history


class Foward(nn.Module):
    """`forward` is misspelled."""

    def __init__(self, width=64):
        super().__init__()
        self.steps = discriminator(width)

    def foward(self, images):
        return self.steps(images)


def hidden(width=64):
    """A discriminator that keeps its blocks in a plain list."""
    whole = discriminator(width)
    return nn.Sequential(Do(whole[:4].forward), whole[4], whole[5])


def lazy(inputs, outputs, normalise=True):
    norm = [nn.LazyBatchNorm2d()] * normalise
    return nn.Sequential(nn.LazyConv2d(outputs, 4, 2, 1, bias=False), *norm, nn.LeakyReLU(0.2))


def script(i, o, stride=2, padding=1):
    return torch.jit.script(up(i, o, stride, padding))


RIGHT = [
    (checks.generator_block, up),
    (checks.generator_block, own_weight),
    (checks.generator_block, script),
    (checks.resize_block, resizing),
    (
        checks.resize_block,
        lambda i, o: nn.Sequential(
            Do(lambda x: F.interpolate(x, scale_factor=2)), *resizing(i, o)[1]
        ),
    ),
    (checks.generator_for, of_side),
    (checks.start_weights, start),
    (checks.start_weights, lambda network: network.apply(start)),
    (checks.batch_norm, lambda x, m, v, training: F.batch_norm(x, m, v, training=training)),
    (checks.generator, functional),
    (checks.generator, generator),
    (checks.discriminator_block, down),
    (checks.discriminator_block, lazy),
    (checks.discriminator, discriminator),
    (checks.discriminator, linear_end),
    (checks.discriminator, einsum_end),
    (checks.gan_losses, lambda r, f: d_and_g(F.logsigmoid, r.float(), f.float())),
    (checks.gan_losses, lambda r, f: torch.stack([d_loss(r.float(), f.float()), g_loss(f)])),
    (checks.input_gradient, by_backward),
    (checks.batch_effect, by_hand),
    (checks.train_alone, my_training),
    (checks.d_step, my_d_step),
    (checks.d_step, two_backwards),
    (checks.g_step, my_g_step),
    (checks.train_gan, my_train_gan),
]


@pytest.mark.parametrize("check, answer", RIGHT)
def test_other_right_answers_pass(check, answer):
    check(answer)
    check(answer, seed=7)


def blind(i, o, **named):
    """Arguments are taken and not used."""
    return up(i, o)


def bce_of_sigmoid(logits, labels):
    return F.binary_cross_entropy(logits.sigmoid(), labels)


g, d = functools.partial(fault, generator), functools.partial(fault, discriminator)

WRONG = {
    checks.generator_block: {
        "batch norm is missing": fault(up, norm=None),
        "ReLU is missing": fault(up, act=None),
        "stands ReLU, then batch norm": fault(up, late=True),
        "LeakyReLU 0.2; .*the leak is for D": fault(up, act=leaky),
        "then tanh; .*only the last layer": fault(up, act=nn.Tanh),
        "affine=False": fault(up, norm=fault(nn.BatchNorm2d, affine=False)),
        "must keep running averages": fault(
            up, norm=fault(nn.BatchNorm2d, track_running_stats=False)
        ),
        "has a bias": fault(up, bias=True),
        "be 1 x transposed convolution; yours are 1 x convolution": fault(up, conv=nn.Conv2d),
        "kernel 3": fault(up, kernel=3),
        "with stride 1 .* has stride 2x2, padding 1x1": blind,
        "RuntimeError": lambda i, o, **named: up(o, i, **named),
        "not a network": lambda i, o, **named: F.relu,
        "returns None": lambda i, o, **named: None,
    },
    checks.resize_block: {
        "resize first": fault(resizing, late=True),
        "gets 5x5 pixels, not 10x10: resize": fault(resizing, factor=1),
        "has padding 0x0": fault(resizing, padding=0),
        "batch norm is missing": fault(resizing, norm=None),
        "ReLU is missing": fault(resizing, act=None),
        "has a bias": fault(resizing, bias=True),
        "be 1 x convolution; yours are 1 x transposed": lambda i, o: up(i, o),
    },
    checks.generator_for: {
        "with side 128.*blocks are missing": lambda side, z_dim, *rest: of_side(64, z_dim, *rest),
        "with side 64.*yours are 6": lambda side, *rest: of_side(2 * side, *rest),
        "tanh is missing": fault(of_side, end=nn.Identity),
        r"called with \(8, 4\), then \(4, 2\)": lambda side, z_dim, width, block=up: of_side(
            side, z_dim, width
        ),
        "convolution 1 gives 32 channels": lambda side, z_dim, width, block=up: of_side(
            side, z_dim, 2 * width
        ),
        "reshape z": lambda *sizes: of_side(*sizes)[1:],
    },
    checks.start_weights: {
        "ConvTranspose2d are as they were": fault(start, kinds=nn.Conv2d),
        "nn.Conv2d are as they were": fault(start, kinds=nn.ConvTranspose2d),
        "is the standard deviation": fault(start, spread=0.02**0.5),
        "are uniform": fault(start, draw=lambda w, *_: nn.init.uniform_(w, -0.0346, 0.0346)),
        "gains, its `weight`, lie around .*, not around 1": fault(start, gain=0.0),
        "are all equal": fault(start, gain_spread=0.0),
        "shifts, its `bias`, must all be 0": fault(start, shift=0.1),
        "return the network": fault(start, returns=False),
    },
    checks.batch_norm: {
        "add 1e-5": lambda x, m, v, training: (
            (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)
        ),
    },
    checks.generator: {
        "5 stands batch norm.*DCGAN has none": g(
            end=(fault(nn.BatchNorm2d, num_features=3), nn.Tanh)
        ),
        "tanh is missing": g(end=()),
        "5 stands sigmoid; asked for is tanh": g(end=(nn.Sigmoid,)),
        "5 stands ReLU.*darker": g(end=(nn.ReLU, nn.Tanh)),
        "cut off": g(end=(nn.Hardtanh,)),
        "5 stands tanh, then tanh": g(end=(nn.Tanh, nn.Tanh)),
        "convolution 2 stands ReLU; .*batch norm is missing": g(block2={"norm": None}),
        "convolution 1 stands batch norm; .*ReLU is missing": g(block1={"act": None}),
        "convolution 3 stands batch norm, then LeakyReLU": g(block3={"act": leaky}),
        "convolution 4 stands ReLU, then batch norm": g(block4={"late": True}),
        "5 gives 1 channels": g(channels=1),
        "are 4 x transposed convolution: blocks are missing": g(count=3),
        "reshape z": g(first=nn.Identity()),
        "with z_dim 20 and width 4": lambda z_dim, width: generator(z_dim, 64),
        "stops at": lambda z_dim, width: generator(100, width)(torch.randn(2, z_dim)),
        "RuntimeError": lambda z_dim, width: generator(100, width),
        "convolution 2 has a bias": g(block2={"bias": True}),
        "the class itself": Foward(4),
    },
    checks.discriminator_block: {
        "stands batch norm.*DCGAN has none": lambda i, o, normalise=True: down(i, o),
        "batch norm is missing": lambda i, o, normalise=True: down(i, o, False),
        "then ReLU; .*no gradient gets back": fault(down, act=nn.ReLU),
        "0.01 is torch's default": fault(down, act=nn.LeakyReLU),
        "PReLU; ": fault(down, act=nn.PReLU),
        "then PReLU; asked for.*learns its slope": fault(down, act=lambda: nn.PReLU(init=0.2)),
        "LeakyReLU 0.2 is missing": fault(down, act=None),
        "stands LeakyReLU 0.2, then batch norm": fault(down, late=True),
        "has stride 1x1": fault(down, stride=1),
        "has kernel 3x3": fault(down, kernel=3),
        "yours are 1 x transposed": fault(down, conv=nn.ConvTranspose2d),
        "has a bias": fault(down, bias=True),
    },
    checks.discriminator: {
        "5 stands sigmoid; asked for is nothing": d(end=lambda s: s.sigmoid().flatten()),
        "convolution 1 stands batch norm.*DCGAN has none": d(block1={"norm": nn.BatchNorm2d}),
        "1, 1, 1.*flatten them to": d(end=lambda s: s),
        r"yours is \(16, 1\): one logit": d(end=lambda s: s.flatten(1)),
        "5 gives 2 channels": d(outputs=2, end=lambda s: s.flatten(1)),
        "kernel 4": d(kernel=3),
        "5 stands LeakyReLU.*negative": d(end=lambda s: F.leaky_relu(s).flatten()),
        "5 stands batch norm": d(
            end=lambda s: F.batch_norm(s, torch.zeros(1), torch.ones(1), training=True).flatten()
        ),
        "a batch of one gives shape ..:": d(end=torch.squeeze),
        "convolution 2 stands LeakyReLU 0.2; .*batch norm is missing": d(
            block2={"normalise": False}
        ),
        "convolution 3 stands batch norm, then ReLU": d(block3={"act": nn.ReLU}),
        "convolution 4 stands batch norm, then LeakyReLU 0.01": d(block4={"act": nn.LeakyReLU}),
        "2 stands .*then dropout": d(block2={"act": lambda: nn.Sequential(leaky(), nn.Dropout())}),
        "with width 4 convolution 1 gives 64": lambda width: discriminator(64),
        "nn.ModuleList": hidden,
        "the class has no forward": Foward,
    },
    checks.gan_losses: {
        "swapped": pair(d=fault(d_loss, labels=(0, 1))),
        "average the two terms": pair(d=fault(d_loss, factor=0.5)),
        "sum over the batch": pair(d=fault(d_loss, reduce=torch.sum)),
        "both have the label 1": pair(d=fault(d_loss, labels=(1, 1))),
        "sign is turned": pair(d=fault(d_loss, factor=-1)),
        "sigmoid is taken twice": pair(d=lambda r, f: d_loss(r.sigmoid(), f.sigmoid())),
        "only the reals": pair(d=lambda r, f: F.softplus(-r).mean()),
        "D's loss or its gradient is not finite": pair(
            d=lambda r, f: -r.sigmoid().log().mean() - (1 - f.sigmoid()).log().mean()
        ),
        "a real picture whose logit is -200 D's": pair(
            d=lambda r, f: F.softplus(f).mean() - r.sigmoid().log().mean()
        ),
        r"whose logit is 200 D's.*log\(1 \+ exp\(s\)\)": pair(
            d=lambda r, f: (1 + (-r).exp()).log().mean() + (1 + f.exp()).log().mean()
        ),
        "D's loss at the fake logit must be 1, yours is -?0": pair(
            d=lambda r, f: (
                bce_of_sigmoid(r, torch.ones_like(r)) + bce_of_sigmoid(f, torch.zeros_like(f))
            )
        ),
        "must be a tensor": pair(d=lambda r, f: d_loss(r, f).item()),
        "gets through D's loss": pair(d=lambda r, f: d_loss(r, f).detach()),
        "no gradient reaches the real logits": pair(d=lambda r, f: d_loss(r.detach(), f)),
        "report's slip": pair(d=lambda r, f: (F.softplus(-r) - 1 - F.softplus(-f)).mean()),
        "that is the saturating": pair(g=lambda f: -F.softplus(f).mean()),
        "wants its fakes taken for real": pair(g=lambda f: F.softplus(f).mean()),
        "you sum over": pair(g=lambda f: F.softplus(-f).sum()),
        "-200 G's loss or its gradient is not finite": pair(g=lambda f: -f.sigmoid().log().mean()),
        "minus the mean logit.*Wasserstein": pair(g=lambda f: -f.mean()),
        "G's loss is one number, not 13": pair(g=lambda f: F.softplus(-f)),
        "D's loss, then G's": lambda r, f: pair()(r, f)[::-1],
        "two numbers": d_loss,
        "too coarse": lambda r, f: (d_loss(r, f), g_loss(f)),
    },
    checks.input_gradient: {
        "that is None": lambda network, images, score: (
            score(network(images.requires_grad_())).backward(),
            (2 * images).grad,
        )[1],
        "now require a gradient": lambda network, images, score: torch.autograd.grad(
            score(network(images.requires_grad_())), images
        )[0],
        "gradients stored in the network": by_backward_into_weights,
        "no abs": lambda *a: by_backward(*a).abs(),
        "the sum of what the network gives": lambda network, images, score: by_backward(
            network, images, torch.sum
        ),
        "keep all pictures": lambda *a: by_backward(*a).mean(0),
        "keep the three colours": lambda *a: by_backward(*a).sum(1),
        "value of the score": lambda network, images, score: score(network(images)),
    },
    checks.batch_effect: {
        "returns None": lambda D, images, company: None,
        "yours is .*, right is": lambda *a: 2 * by_hand(*a),
        "left in eval mode": lambda D, *rest: (by_hand(D, *rest), D.eval())[0],
    },
    checks.train_alone: {
        "a pair for each step": lambda *a: my_training(*a)[-1],
        r"not \(2, 2\)": lambda *a: my_training(*a)[1:],
        "the backward pass goes on into G": fault(my_training, attached=True),
        "the faces are the same": fault(my_training, same_faces=True),
        "the fakes are the same": fault(my_training, same_z=True),
        r"z must be \(batch, 100\)": fault(my_training, z_batch=2),
        "rand does not": fault(my_training, noise=torch.rand),
        r"sees \[20\] faces": fault(my_training, whole=True),
        "ran 4 times in 3 steps": fault(my_training, extra=True),
    },
    checks.d_step: {
        "old gradients were still there": fault(my_d_step, clear=False),
        "back into G": fault(my_d_step, attached=True),
        "step.. was not called": fault(my_d_step, steps=0),
        "old gradients only": fault(my_d_step, backward=False, clear=False),
        "zero_grad, backward, step": fault(my_d_step, clear_late=True),
        "swapped": fault(my_d_step, labels="01"),
        "both have the label 1": fault(my_d_step, labels="11"),
        "in one batch": fault(my_d_step, together=True),
        "nothing comes back from the fakes": fault(my_d_step, terms=(0,)),
        "average the two terms": fault(my_d_step, factor=0.5),
        "called 2 times": fault(my_d_step, steps=2),
        r"shape \(3,\), yours": fault(my_d_step, returns=(0,)),
        "still hold their graph": fault(my_d_step, tensors=True),
        r"D\(x\) and D\(G\(z\)\) are swapped": fault(my_d_step, returns=(0, 2, 1)),
        "where D is sure": fault(my_d_step, first_sigmoid=True),
        "left frozen": fault(my_d_step, frozen=True),
        "left in eval mode": fault(my_d_step, evaluate_late=True),
        "D was in eval mode": fault(my_d_step, evaluate=True),
        "D ran 3 times": fault(my_d_step, again=True),
    },
    checks.train_gan: {
        "one row for each step": fault(my_train_gan, rows=slice(None, None, 3)),
        "after each epoch": fault(my_train_gan, kept=slice(-1, None)),
        "still hold their graph": fault(my_train_gan, graph=True),
        "left in eval mode": fault(my_train_gan, evaluate_late=True),
        "two things": fault(my_train_gan, alone=True),
    },
    checks.g_step: {
        "nothing reached the network": fault(my_g_step, detach=True),
        "old gradients were still there": fault(my_g_step, clear=False),
        "saturating loss": fault(my_g_step, loss=lambda s: -F.softplus(s)),
        "label is 1 here": fault(my_g_step, loss=F.softplus),
        "step.. was not called": fault(my_g_step, step=False),
        "eval mode": fault(my_g_step, evaluate=True),
        "plain float": fault(my_g_step, tensor=True),
        "D's weights moved": fault(my_g_step, moves_d=True),
        "nothing reached the network: ": fault(my_g_step, backward=False),
    },
}
ROWS = [(check, answer, words) for check, row in WRONG.items() for words, answer in row.items()]


@pytest.mark.parametrize("check, answer, words", ROWS)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    assert re.search(words, told(check, answer)), told(check, answer)
